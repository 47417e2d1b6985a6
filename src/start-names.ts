import type { PowerEvent } from './model/event.ts';
import type { StartRecord } from './model/start.ts';

/** Far more than are under way after a start. */
const renamedMax = 20_000;

/**
 * Starts that an earlier run has told with another onset, and so under another id: observed again they keep the name
 * they were told under, so that nobody sees one start twice.
 */
export class StartNames {
  readonly #told = new Map<string, Pick<StartRecord, 'id' | 'atMs'>>();

  /** `start` is the one that was told as `told`. */
  same(start: StartRecord, told: StartRecord): void {
    if (start.id === told.id || this.#told.size >= renamedMax) return;
    this.#told.set(start.id, { id: told.id, atMs: told.atMs });
  }

  /** The start under the name that was told. */
  of(start: StartRecord): StartRecord {
    const told = this.#told.get(start.id);
    return told === undefined ? start : { ...start, ...told };
  }

  ofEvent(event: PowerEvent): PowerEvent {
    if (event.kind !== 'start') return event;
    const start = this.of(event.start);
    return start === event.start ? event : { ...event, atMs: start.atMs, start };
  }
}
