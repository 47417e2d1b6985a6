/**
 * Yearly means of what a kWh from the grid emits, g CO₂e by country (ISO 3166; EU is the union, WORLD all) and year:
 * life-cycle, of the mix that is produced there, without imports.
 *
 * Source: Ember, Yearly Electricity Data (ember-energy.org), licensed CC BY 4.0. Add years, never change them: what
 * was reported for a past year stays what it was.
 */
export const gridFactorSource = 'Ember, Yearly Electricity Data, CC BY 4.0';

const of2024: Record<string, number> = {
  AT: 103,
  AU: 554,
  BE: 118,
  BR: 106,
  CA: 185,
  CH: 37,
  CN: 558,
  CZ: 414,
  DE: 342,
  DK: 143,
  ES: 146,
  EU: 213,
  FI: 72,
  FR: 44,
  GB: 216,
  GR: 320,
  IE: 280,
  IN: 709,
  IT: 288,
  JP: 484,
  KR: 416,
  LU: 135,
  NL: 253,
  NO: 31,
  PL: 615,
  PT: 112,
  SE: 36,
  SG: 499,
  US: 384,
  WORLD: 473,
  ZA: 714,
};

export const gridFactors: readonly {
  readonly year: number;
  readonly gramsPerKwh: Readonly<Record<string, number>>;
}[] = [
  { year: 2023, gramsPerKwh: { IS: 28 } },
  { year: 2024, gramsPerKwh: of2024 },
];

/** Every country there is a figure for. */
export const gridFactorCountries: readonly string[] = [
  ...new Set(gridFactors.flatMap(({ gramsPerKwh }) => Object.keys(gramsPerKwh))),
].sort();

/** What is known of a country, oldest first. */
export function gridFactorsOf(country: string): { readonly year: number; readonly gramsPerKwh: number }[] {
  return gridFactors.flatMap(({ year, gramsPerKwh }) =>
    Object.hasOwn(gramsPerKwh, country) ? [{ year, gramsPerKwh: gramsPerKwh[country]! }] : [],
  );
}
