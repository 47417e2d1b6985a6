import type { Reading } from '../../src/model/reading.ts';
import { reading } from './made-readings.ts';

export const numberedOutlets = 7;
/** So small that journal, open and sealed blocks all come into play within a second. */
export const smallJournalBytes = 50_000;

/** Reading number 0, 1, 2 …: outlet, time and value follow from it. */
export function numberedReading(startMs: number, number: number): Reading {
  return reading(`pdu-k/${number % numberedOutlets}`, startMs + number * 10, {
    watts: number / 10,
    volts: 230,
  });
}
