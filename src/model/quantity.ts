/**
 * What a meter can say of one outlet at one instant. The order is the order of the columns wherever
 * readings are packed (room, embedded store): append only, never reorder.
 */
export const quantities = [
  'watts',
  'volts',
  'amps',
  'voltAmps',
  'voltAmpsReactive',
  'powerFactor',
  'hertz',
  'wattHoursTotal',
  'wattHoursReturnedTotal',
] as const;

/** W, V, A, VA, var, 1 (−1…1), Hz, Wh drawn in all, Wh returned in all. */
export type Quantity = (typeof quantities)[number];

/** What is kept of a reading: its quantities, and last the relay, 0 (open) or 1. The order is that of columns, too. */
export const readingFigures = [...quantities, 'on'] as const;

export type ReadingFigure = (typeof readingFigures)[number];

export function isQuantity(text: string): text is Quantity {
  return (quantities as readonly string[]).includes(text);
}
