import type { ReadingFigure } from '../model/quantity.ts';
import type { RollUpChange, RollUpTier } from '../model/roll-up.ts';
import type { Measured } from './quantity-words.ts';

/** A reading of a past time, as a file tells it. */
export interface ImportedReading {
  readonly outlet: string;
  readonly atMs: number;
  readonly values: Partial<Record<ReadingFigure, number>>;
}

/** What a line comes to. */
export type ImportedRow =
  | { readonly kind: 'readings'; readonly readings: readonly ImportedReading[] }
  /** `isWhole`: a row of an export of ours, of any scope, to be kept as it is. */
  | {
      readonly kind: 'rollUps';
      readonly tier: RollUpTier;
      readonly rows: readonly RollUpChange[];
      readonly isWhole: boolean;
    }
  | { readonly kind: 'left-out'; readonly reason: LeftOutReason; readonly detail?: string };

/** Why a line, or one of its figures, was not taken. */
export const leftOutReasons = {
  'bad-time': 'no time that can be read',
  'bad-number': 'no number where one is expected',
  'no-value': 'no value (empty, unknown, unavailable)',
  'no-outlet': 'no outlet is named',
  'not-mapped': 'the name is mapped to no outlet',
  'no-quantity': 'what is measured is not known',
  'too-early': 'before 1990',
  future: 'in the future',
  impossible: 'larger than any meter tells',
  'too-long': 'the line is too long',
} as const;
export type LeftOutReason = keyof typeof leftOutReasons;

/** Which outlet a name of the file stands for, and what it measures where the file does not say. */
export interface NameMapping {
  readonly outlet: string;
  readonly measured?: Measured | undefined;
}

export interface ImportOptions {
  /** Of times that name no zone; IANA. */
  readonly timezone: string;
  readonly nowMs: number;
  /** By names of the file: entities, feeds, columns. */
  readonly mappings?: ReadonlyMap<string, NameMapping> | undefined;
  /** All readings are of this outlet. */
  readonly outlet?: string | undefined;
  /** Of a file with one unnamed column of values. */
  readonly measured?: Measured | undefined;
}

/** One form of file: reads its lines, the header apart. */
export interface FormReader {
  readonly form: string;
  /** Of which nothing is taken: no quantity, and not mapped. */
  readonly leftOutColumns?: readonly string[];
  read(line: string): ImportedRow;
}

export function leftOut(reason: LeftOutReason, detail?: string): ImportedRow {
  return { kind: 'left-out', reason, ...(detail !== undefined && { detail }) };
}
