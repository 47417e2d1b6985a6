import { type Notice, severities } from '../../model/alert.ts';
import type { Message, Told } from './channel.ts';

/** A notice that waits, in the order of arrival. */
export interface Waiting {
  readonly notice: Notice;
  /** When it came, epoch ms. */
  readonly sinceMs: number;
  /** Came in quiet hours. */
  readonly held: boolean;
  readonly thread?: Told['thread'];
}

/** What to say next, and which of those that wait are said by it. */
export interface Composed {
  readonly message: Message;
  readonly covers: ReadonlySet<Waiting>;
}

export interface ComposeRules {
  /** More incidents than this make a digest. */
  readonly digestAbove: number;
  /** Named in one message. */
  readonly toldMax: number;
  /** Not in quiet hours: what was held in them is told in one. */
  readonly afterQuiet: boolean;
}

/** For people: one incident, or all that waits as a digest. Undefined when nothing waits. */
export function composeForPeople(
  waiting: readonly Waiting[],
  { digestAbove, toldMax, afterQuiet }: ComposeRules,
  atMs: number,
): Composed | undefined {
  const incidents = byIncident(waiting);
  const [first] = incidents;
  if (first === undefined) return undefined;
  const held = afterQuiet && waiting.some((one) => one.held);
  if (incidents.length === 1 || (incidents.length <= digestAbove && !held))
    return { message: messageOf('alert', [first.told], 0, atMs), covers: new Set(first.covers) };
  const told = incidents.map((incident) => incident.told).sort(gravestFirst);
  const named = told.slice(0, toldMax);
  return {
    message: {
      ...messageOf('digest', named, told.length - named.length, atMs),
      counts: countsOf(told),
      because: held ? 'quiet-hours' : 'many',
    },
    covers: new Set(waiting),
  };
}

/** For machines: the last word on as many incidents as one message holds, the oldest first. */
export function composeForMachines(
  waiting: readonly Waiting[],
  toldMax: number,
  atMs: number,
): Composed | undefined {
  const incidents = byIncident(waiting).slice(0, toldMax);
  if (incidents.length === 0) return undefined;
  const told = incidents.map((incident) => incident.told);
  return {
    message: messageOf(told.length === 1 ? 'alert' : 'digest', told, 0, atMs),
    covers: new Set(incidents.flatMap(({ covers }) => covers)),
  };
}

function messageOf(about: Message['about'], told: readonly Told[], left: number, atMs: number): Message {
  return { about, told, left, counts: countsOf(told), atMs };
}

function countsOf(told: readonly Told[]): Message['counts'] {
  const resolved = told.filter(({ notice }) => notice.kind === 'resolved').length;
  return { firing: told.length - resolved, resolved };
}

/** One entry for each incident, in the order in which they were first heard of. */
function byIncident(waiting: readonly Waiting[]): { told: Told; covers: Waiting[] }[] {
  const incidents = new Map<string, { told: Told; covers: Waiting[] }>();
  for (const one of waiting) {
    const { id } = one.notice.alert;
    const before = incidents.get(id);
    if (before === undefined)
      incidents.set(id, {
        told: { notice: one.notice, passed: false, thread: one.thread },
        covers: [one],
      });
    else {
      before.told = joined(before.told, one.notice);
      before.covers.push(one);
    }
  }
  return [...incidents.values()];
}

/** What was not told yet and what came after it, as one. */
function joined(told: Told, next: Notice): Told {
  const unheard = told.notice.kind === 'firing';
  if (next.kind === 'resolved') return { ...told, notice: next, passed: unheard };
  // That it changed, or still fires, is no news to somebody who has not heard of it.
  if (unheard) return { ...told, notice: { ...next, kind: 'firing' } };
  return { ...told, notice: told.notice.kind === 'changed' ? { ...next, kind: 'changed' } : next };
}

function gravestFirst(one: Told, other: Told): number {
  return rank(other) - rank(one);
}

function rank({ notice }: Told): number {
  const firing = notice.kind === 'resolved' ? 0 : severities.length;
  return firing + severities.indexOf(notice.alert.severity);
}
