import { expect, it } from 'vitest';
import { idleEventRow, idleVerdictRow, startRow } from '../../../src/store/event-rows.ts';
import { eventLines } from '../../../src/store/influx/event-lines.ts';
import { announcedStart, idleEvent, idleVerdict } from '../made-events.ts';

const atMs = 1_741_084_830_420;

it('a start is one line with what is known of it, texts in quotes', () => {
  const start = announcedStart('server:hv 01', atMs, { id: 'a-1', outlets: ['pdu "a"\\1/7'] });
  expect(linesOf({ start: [startRow(start)] })).toEqual([
    String.raw`start,scope=server:hv\ 01 id="a-1",outlets="[\"pdu \\\"a\\\"\\\\1/7\"]",from_watts=4.2,peak_watts=412.7,peak_at_ms=1741084831420,peak_is="lower-bound",volts_before=230.4,sample_ms=1000,concurrent="[]",detected_at_ms=1741084832420,complete=false,trace="{\"fromMs\":1741084829420,\"ms\":[0,1000,2000],\"watts\":[4.2,180.25,412.7]}" 1741084830420000000`,
  ]);
});

it('changes of a baseline and how it stands share a measurement and no field', () => {
  const lines = linesOf({
    idle_event: [idleEventRow(idleEvent('room', atMs, { fromWatts: 90 }))],
    idle_row: [idleVerdictRow(idleVerdict('room', { limitRule: 'a\nb' }), atMs)],
  });
  expect(lines[0]).toBe(
    'idle,scope=room change="learnt",changed_to_watts=87.5,changed_from_watts=90,changed_since_ms=1741081230420 1741084830420000000',
  );
  expect(lines[1]).toMatch(/^idle,scope=room idle_watts=87\.5,.*limit_rule="a b",verdict="high",.* \d{19}$/);
  const [changes, stands] = lines.map((line) =>
    line.match(/[a-z_]+(?==)/g)!.filter((name) => name !== 'scope'),
  );
  expect(changes!.filter((name) => stands!.includes(name))).toEqual([]);
});

it('neither NaN nor infinity is ever written, nor a moment that is none', () => {
  const odd = idleVerdict('room', { idleWatts: Number.NaN, limitWatts: Number.POSITIVE_INFINITY });
  const [line] = linesOf({ idle_row: [idleVerdictRow(odd, atMs)] });
  expect(line).not.toMatch(/NaN|Infinity|idle_watts|limit_watts/);
  expect(linesOf({ idle_row: [idleVerdictRow(odd, Number.NaN)] })).toEqual([]);
});

function linesOf(rows: Parameters<typeof eventLines>[0]): string[] {
  const write = eventLines(rows);
  const lines = Buffer.from(write.bytes).toString('utf8').split('\n');
  expect(lines.pop()).toBe('');
  expect(write.count).toBe(lines.length);
  return lines;
}
