import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aheadMsMax, trustedIso, trustedSeconds } from '../../src/devices/measured-time.ts';
import { startMs } from './made-message.ts';

const day = 86_400_000;

describe("a device's own time in seconds", () => {
  test.each([
    ['as measured', startMs / 1000 - 0.08, startMs - 80],
    ['to the hundredth', 1749103199.42, 1749103199420],
    ['a day old', (startMs - day) / 1000, startMs - day],
    ['older than a day', (startMs - day) / 1000 - 0.001, undefined],
    ['a little ahead', (startMs + aheadMsMax) / 1000, startMs + aheadMsMax],
    ['from the future', (startMs + aheadMsMax) / 1000 + 0.01, undefined],
    ['seconds since boot', 12.5, undefined],
    ['text', String(startMs / 1000), undefined],
    ['nothing', undefined, undefined],
    ['absurd', 1e300, undefined],
    ['negative', -5, undefined],
    ['not a number', Number.NaN, undefined],
  ])('%s', (_, seconds, expected) => {
    expect(trustedSeconds(seconds, startMs)).toBe(expected);
  });

  test('is not believed before 2020, however near the receipt', () => {
    const receivedAtMs = Date.UTC(2019, 11, 31, 23, 59, 59);
    expect(trustedSeconds(receivedAtMs / 1000, receivedAtMs)).toBe(undefined);
    expect(trustedSeconds(Date.UTC(2020, 0, 1) / 1000, receivedAtMs)).toBe(Date.UTC(2020, 0, 1));
  });
});

describe('time as text', () => {
  test.each([
    '2025-06-05T06:00:00Z',
    '2025-06-05T08:00:00+02:00',
    '2025-06-05T08:00:00+0200',
    '2025-06-05T01:30:00-04:30',
    '2025-06-05T05:59:59.250Z',
    '2025-06-05T07:59:59.250+02:00',
    '2025-06-05T05:59:59.123456Z',
  ])('%s says when', (text) => {
    const expected = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2').replace(/(\.\d{3})\d+/, '$1'));
    expect(Math.trunc(trustedIso(text, startMs) as number)).toBe(expected);
  });

  test.each([
    '2025-06-05T06:00:00',
    '2025-06-05T06:00:00.123',
    '2025-06-05 06:00:00',
    '2017.12.01 10:20:30',
    '1970-01-01T00:00:21+00:00',
    '2025-06-05T06:00:0xZ',
    '2025-06-05T06:00:00,',
    '2025-06-05T06:00:00.Z',
    '2025-06-05T06:00:00;5Z',
    '20250605T060000+0200',
    '',
    'Z',
    'now, or a little later Z',
    42,
    null,
  ])('%j does not', (text) => {
    expect(trustedIso(text, startMs)).toBe(undefined);
  });

  test('agrees with the language wherever both read it', () => {
    const near = fc.integer({ min: startMs - day, max: startMs });
    fc.assert(
      fc.property(near, fc.integer({ min: -14 * 60, max: 14 * 60 }), (atMs, zone) => {
        const local = new Date(atMs + zone * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.floor(Math.abs(zone) / 60), Math.abs(zone) % 60];
        const two = (number: number) => String(number).padStart(2, '0');
        const text = `${local}${zone < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
        expect(trustedIso(text, startMs)).toBeCloseTo(Date.parse(text), 5);
      }),
    );
  });

  test('never throws and never lies in the future', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\dT:.+Z-]{20,35}$/), fc.anything()), (text) => {
        const atMs = trustedIso(text, startMs);
        expect(atMs === undefined || (atMs <= startMs + aheadMsMax && atMs >= startMs - day)).toBe(true);
      }),
    );
  });
});
