import type { Alert, Severity } from '../../model/alert.ts';
import type { Channel, Message, Place, Told } from './channel.ts';
import { type Hook, loginHeader, withoutLogin } from './hook-channel.ts';
import { postJson } from './http-post.ts';
import { masker, secretsIn, shownOrigin } from './mask.ts';
import { alertsUrl, testText, titleOf, touchedText, valueText } from './words.ts';

/** How often what fires is said again, and how long Alertmanager believes it without that: Prometheus' own habit. */
const repeatMs = 60_000;
const believedMs = 4 * repeatMs;

/**
 * Prometheus Alertmanager, API v2 (its openapi.yaml: `POST /api/v2/alerts`, postableAlerts). It groups, silences and
 * tells by itself, so it hears of everything at once. An alert is known by its labels, so those stay the same for the
 * life of an incident; what changes stands in the annotations.
 */
export function makeAlertmanagerChannel(hook: Hook, place: Place): Channel {
  const url = new URL('api/v2/alerts', folderOf(withoutLogin(hook.url))).href;
  const mask = masker([...secretsIn(hook.url), hook.token, hook.password]);
  const post = async (alerts: readonly object[], signal: AbortSignal) => {
    const body = JSON.stringify(alerts);
    await postJson({ url, headers: loginHeader(hook), body, mask, refusesHtml: true }, signal);
  };
  const labelled = new SeverityLabels();
  const send = async (told: readonly Told[], atMs: number, signal: AbortSignal) => {
    for (let from = 0; from < told.length; from += toldMax) {
      const part = told.slice(from, from + toldMax);
      await post(
        part.flatMap((one) => alertsOf(one, labelled.before(one), atMs, place)),
        signal,
      );
      for (const one of part) labelled.told(one);
    }
  };
  return {
    kind: 'alertmanager',
    target: shownOrigin(url),
    reader: 'machines',
    toldMax,
    async send(message: Message, signal) {
      if (message.about === 'test') await post([testAlert(message.atMs, place)], signal);
      await send(message.told, message.atMs, signal);
      return {};
    },
    repeat: { everyMs: repeatMs, send },
  };
}

const toldMax = 500;

/** `https://host/prefix` is the folder `https://host/prefix/`. */
function folderOf(url: string): string {
  const plain = url.replace(/[?#].*$/, '').replace(/\/api\/v2(\/alerts)?\/?$/, '');
  return plain.endsWith('/') ? plain : `${plain}/`;
}

/** With which severity an incident was told: the same one with another is another alert to Alertmanager. */
class SeverityLabels {
  readonly #severities = new Map<string, Severity>();

  /** The severity that holds no more. */
  before({ notice: { alert } }: Told): Severity | undefined {
    const severity = this.#severities.get(alert.id);
    return severity === alert.severity ? undefined : severity;
  }

  told({ notice: { kind, alert } }: Told): void {
    if (kind === 'resolved') this.#severities.delete(alert.id);
    // One that is forgotten ends by itself, when it is not repeated.
    else if (this.#severities.has(alert.id) || this.#severities.size < severitiesMax)
      this.#severities.set(alert.id, alert.severity);
  }
}

const severitiesMax = 10_000;

function alertsOf({ notice }: Told, before: Severity | undefined, atMs: number, place: Place): object[] {
  const { alert, kind } = notice;
  const startsAtMs = alert.firedAtMs ?? alert.sinceMs;
  const endsAtMs = kind === 'resolved' ? (alert.resolvedAtMs ?? notice.atMs) : atMs + believedMs;
  const alertUntil = (severity: Severity, untilMs: number) => ({
    labels: labelsOf({ ...alert, severity }, place),
    annotations: known({
      summary: titleOf(alert),
      description: alert.text,
      value: valueText(alert),
      touched: touchedText(alert, 100),
      acknowledged_by: alert.ackedBy,
    }),
    startsAt: new Date(startsAtMs).toISOString(),
    // An end before the start is refused, and the whole list with it.
    endsAt: new Date(Math.max(untilMs, startsAtMs)).toISOString(),
    generatorURL: alertsUrl(place),
  });
  const ended = before === undefined ? [] : [alertUntil(before, notice.atMs)];
  return [...ended, alertUntil(alert.severity, endsAtMs)];
}

function labelsOf({ rule, severity, scope, id }: Alert, place: Place): Record<string, string> {
  return known({ alertname: rule, severity, scope, incident: id, room: place.room, job: 'rackwatt' });
}

function testAlert(atMs: number, place: Place): object {
  return {
    labels: known({ alertname: 'rackwatt-test', severity: 'info', room: place.room, job: 'rackwatt' }),
    annotations: { summary: 'Test message', description: testText },
    startsAt: new Date(atMs).toISOString(),
    endsAt: new Date(atMs + 60_000).toISOString(),
    generatorURL: alertsUrl(place),
  };
}

/** Alertmanager refuses an alert with an empty label, and text that is no UTF-8. */
function known(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined || value === '' ? [] : [[key, value.toWellFormed()]],
    ),
  );
}
