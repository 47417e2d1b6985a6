/** What a session remembers of devices, by name; bounded: one too many still works, but is made anew each time. */
export class Known<Thing> {
  readonly #max: number;
  readonly #make: (name: string) => Thing;
  readonly #things = new Map<string, Thing>();

  constructor(max: number, make: (name: string) => Thing) {
    this.#max = max;
    this.#make = make;
  }

  has(name: string): boolean {
    return this.#things.has(name);
  }

  get(name: string): Thing {
    const known = this.#things.get(name);
    if (known !== undefined) return known;
    const made = this.#make(name);
    if (this.#things.size < this.#max) this.#things.set(name, made);
    return made;
  }
}
