/** What is wrong between settings that are right one by one. The place is found later, from the path. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly found: string;
  readonly expected: string;
  readonly example: string;
}
