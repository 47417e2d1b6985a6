/**
 * What was decided for a topic, so that its next message costs one look-up. Bounded: two halves, the young one
 * fills, then becomes the old one; a topic still in use moves back to the young half, the rest falls off.
 */
export class TopicMemory<Entry> {
  readonly #half: number;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #forgotten = 0;

  constructor(topicsMax: number) {
    this.#half = Math.max(1, Math.floor(topicsMax / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** How many fell off since the start. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get(topic: string): Entry | undefined {
    const entry = this.#young.get(topic);
    if (entry !== undefined || this.#old.size === 0) return entry;
    const older = this.#old.get(topic);
    if (older === undefined) return undefined;
    this.#old.delete(topic);
    this.set(topic, older);
    return older;
  }

  set(topic: string, entry: Entry): void {
    if (this.#young.size >= this.#half) {
      this.#forgotten += this.#old.size;
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(topic, entry);
  }

  delete(topic: string): void {
    this.#young.delete(topic);
    this.#old.delete(topic);
  }
}
