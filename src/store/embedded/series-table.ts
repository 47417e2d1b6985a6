import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Tier, tiers } from '../../model/roll-up.ts';

/** A series is one outlet's readings, or one scope's roll-ups of one tier. */
export interface SeriesRef {
  readonly id: number;
  /** Place in `tiers`. */
  readonly tier: number;
}

export const tierNumber = (tier: Tier): number => tiers.indexOf(tier);

/** Names remembered; beyond, all are forgotten and looked up again. */
const namesMax = 1_000_000;

/** Names of series and their numbers. Remembers what it looked up, so that a name costs a query only once. */
export class SeriesTable {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #nameOf: StatementSync;
  readonly #remove: StatementSync;
  readonly #ofTier: StatementSync;
  readonly #known: readonly Map<string, SeriesRef>[] = tiers.map(() => new Map());
  readonly #names = new Map<number, string>();
  /** Made in the present transaction. */
  #fresh: { tier: number; name: string }[] = [];

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT id FROM series WHERE tier = ? AND name = ?');
    this.#insert = db.prepare('INSERT INTO series (tier, name) VALUES (?, ?)');
    this.#nameOf = db.prepare('SELECT name FROM series WHERE id = ?');
    this.#remove = db.prepare('DELETE FROM series WHERE id = ? RETURNING tier, name');
    this.#ofTier = db.prepare('SELECT id, name FROM series WHERE tier = ? ORDER BY name');
    this.#learn(db);
  }

  find(tier: Tier, name: string): SeriesRef | undefined {
    const number = tierNumber(tier);
    const known = this.#known[number]!;
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const row = this.#find.get(number, name);
    if (row === undefined) return undefined;
    const found = { id: row.id as number, tier: number };
    if (known.size >= namesMax) known.clear();
    known.set(name, found);
    return found;
  }

  /** Finds or makes it; within a transaction. */
  ensure(tier: Tier, name: string): SeriesRef {
    const found = this.find(tier, name);
    if (found !== undefined) return found;
    const number = tierNumber(tier);
    const made = { id: Number(this.#insert.run(number, name).lastInsertRowid), tier: number };
    this.#known[number]!.set(name, made);
    this.#fresh.push({ tier: number, name });
    return made;
  }

  nameOf(id: number): string | undefined {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = this.#nameOf.get(id)?.name as string | undefined;
    if (this.#names.size >= namesMax) this.#names.clear();
    if (name !== undefined) this.#names.set(id, name);
    return name;
  }

  /** Those of a tier whose name is wanted, by name. */
  chosen(tier: Tier, wants: (name: string) => boolean): { id: number; name: string }[] {
    const rows = this.#ofTier.all(tierNumber(tier)) as { id: number; name: string }[];
    return rows.filter(({ name }) => wants(name));
  }

  /** Within a transaction that deletes the last of its points. */
  remove(id: number): void {
    this.#names.delete(id);
    const row = this.#remove.get(id);
    if (row !== undefined) this.#known[row.tier as number]!.delete(row.name as string);
  }

  /** All at once: a room of 100,000 outlets would otherwise ask for each when it first reports. */
  #learn(db: DatabaseSync): void {
    const all = db.prepare('SELECT id, tier, name FROM series LIMIT ?');
    all.setReturnArrays(true);
    for (const row of all.iterate(namesMax) as Iterable<unknown> as Iterable<[number, number, string]>) {
      const [id, tier, name] = row;
      this.#known[tier]?.set(name, { id, tier });
    }
  }

  committed(): void {
    this.#fresh = [];
  }

  rolledBack(): void {
    for (const { tier, name } of this.#fresh) this.#known[tier]!.delete(name);
    this.#fresh = [];
  }
}
