import { quantities } from '../../model/quantity.ts';
import { rollUpFigures, type Tier, tiers } from '../../model/roll-up.ts';

/**
 * A batch: one block of bytes that stands on its own, so that it can wait in the backlog over a restart and be
 * written by another process. Made on the main thread (batch-maker.ts), read in the worker.
 *
 *   u32 × 6   magic, tier, rows, slots, bytes of names, 0
 *   f64 × …   the rows: first slot name × 4096 + mask, then time (epoch ms), then the values present
 *   …         the names the rows refer to, a JSON array in UTF-8
 *
 * Numbers lie as the machine has them (little-endian on all that Node runs on but one; a batch never leaves its
 * machine, and the magic would not match). A reading's mask has a bit for each quantity and two for the relay;
 * a roll-up's has one for each of its figures.
 */
export interface Batch {
  readonly tier: Tier;
  readonly count: number;
  readonly slots: Float64Array;
  readonly names: readonly string[];
}

export const batchMagic = 0x31_62_77_72;
export const headerWords = 6;
export const headerBytes = headerWords * 4;
/** Masks are below this. */
export const maskSpan = 4096;
/** The mask's bits that have a slot. */
export const valueBits = (1 << quantities.length) - 1;
export const onPresent = 1 << quantities.length;
export const onIsTrue = 2 << quantities.length;
/** Columns of a roll-up. */
export const rollUpWidth = rollUpFigures.length;
export const rollUpBits = (1 << rollUpWidth) - 1;
/** Columns of a reading: the quantities, then the relay as 0 or 1. */
export const readingWidth = quantities.length + 1;
/** The longest row. */
export const rowSlotsMax = 2 + quantities.length;

const slotsByMask = Uint8Array.from({ length: maskSpan }, (_, mask) => {
  let slots = 2;
  for (let bits = mask & valueBits; bits !== 0; bits &= bits - 1) slots += 1;
  return slots;
});

/** Slots of a row with this mask. */
export function rowSlots(mask: number): number {
  return slotsByMask[mask]!;
}

/** Throws a RangeError when the bytes are no batch, or damaged. */
export function readBatch(buffer: ArrayBuffer): Batch {
  const [magic, tierNumber, count, slotCount, nameBytes] = readHeader(buffer);
  const tier = tiers[tierNumber];
  const namesAt = headerBytes + slotCount * 8;
  if (magic !== batchMagic || tier === undefined || namesAt + nameBytes !== buffer.byteLength)
    throw new RangeError('these bytes are no batch of readings or roll-ups');
  const names: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, namesAt, nameBytes)));
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw new RangeError('batch with damaged names');
  const slots = new Float64Array(buffer, headerBytes, slotCount);
  if (countRows(slots, names.length, tier === 'raw' ? maskSpan - 1 : rollUpBits) !== count)
    throw new RangeError('batch with damaged rows');
  return { tier, count, slots, names };
}

function readHeader(buffer: ArrayBuffer): [number, number, number, number, number] {
  if (buffer.byteLength < headerBytes) return [0, 0, 0, 0, 0];
  const words = new Uint32Array(buffer, 0, headerWords);
  return [words[0]!, words[1]!, words[2]!, words[3]!, words[4]!];
}

/** −1 when a row does not fit, refers to no name or has no time. */
function countRows(slots: Float64Array, names: number, maskMax: number): number {
  let count = 0;
  let at = 0;
  while (at < slots.length) {
    const head = slots[at]!;
    const name = Math.floor(head / maskSpan);
    const mask = head - name * maskSpan;
    if (!(name >= 0 && name < names && mask <= maskMax && Number.isInteger(mask))) return -1;
    at += slotsByMask[mask]!;
    if (at > slots.length) return -1;
    count += 1;
  }
  return count;
}
