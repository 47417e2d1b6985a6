import type { Message, Place, Told } from './channel.ts';
import {
  alertsUrl,
  headline,
  localTime,
  newsOf,
  statusOf,
  testText,
  titleOf,
  toneOf,
  tones,
  touchedText,
  valueText,
} from './words.ts';

/** Headers hold one line, whatever a name holds. */
export function subjectOf(message: Message, { room }: Place): string {
  const line = `[rackwatt] ${headline(message)} (${room})`.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > subjectLengthMax ? `${line.slice(0, subjectLengthMax - 1)}…` : line;
}

const subjectLengthMax = 200;

/** The whole message as plain text. */
export function textOf(message: Message, place: Place): string {
  const incidents = message.told.map((told) => incidentText(told, place));
  const left = message.left > 0 ? [`… and ${message.left} more; the page shows them all.`] : [];
  const parts = message.about === 'test' ? [testText] : [...incidents, ...left];
  const head = message.about === 'digest' ? [headline(message)] : [];
  return `${[...head, ...parts, `${place.room}\n${alertsUrl(place)}`].join('\n\n')}\n`;
}

function incidentText(told: Told, place: Place): string {
  const { alert } = told.notice;
  const rows = rowsOf(told, place).map(([what, value]) => `  ${`${what}:`.padEnd(12)}${value}`);
  return [`${statusOf(told)}  ${titleOf(alert)}`, `  ${alert.text}`, ...rows].join('\n');
}

function rowsOf(told: Told, place: Place): [string, string][] {
  const { alert } = told.notice;
  const rows: [string, string | undefined][] = [
    ['State', newsOf(told, place)],
    ['Value', valueText(alert)],
    ['Since', localTime(alert.sinceMs, place.timezone)],
    ['Touches', touchedText(alert)?.replace(/^Touches /, '')],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

/** The same, simple enough for every mail program: tables and inline styles, no image, no script. */
export function htmlOf(message: Message, place: Place): string {
  const tone = tones[toneOf(message)];
  const incidents = message.told.map((told) => incidentHtml(told, place)).join('');
  const left = message.left > 0 ? `<p>… and ${message.left} more; the page shows them all.</p>` : '';
  const body = message.about === 'test' ? `<p>${escaped(testText)}</p>` : `${incidents}${left}`;
  return (
    `<!doctype html><html><head><meta charset="utf-8"></head><body style="font-family:sans-serif;color:#222">` +
    `<div style="border-left:4px solid #${tone.colour};padding:4px 12px">` +
    `<h2 style="margin:0 0 12px;font-size:18px">${escaped(headline(message))}</h2>${body}</div>` +
    `<p style="color:#666;font-size:13px">${escaped(place.room)} · ` +
    `<a href="${escaped(alertsUrl(place))}">open rackwatt</a></p></body></html>`
  );
}

function incidentHtml(told: Told, place: Place): string {
  const { alert } = told.notice;
  const rows = rowsOf(told, place).map(
    ([what, value]) =>
      `<tr><td style="color:#666;padding:0 12px 0 0;vertical-align:top">${escaped(what)}</td>` +
      `<td>${escaped(value)}</td></tr>`,
  );
  return (
    `<p style="margin:0 0 4px"><strong>${escaped(statusOf(told))}</strong> ${escaped(titleOf(alert))}<br>` +
    `${escaped(alert.text)}</p><table style="font-size:14px;margin:0 0 16px">${rows.join('')}</table>`
  );
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
