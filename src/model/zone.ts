/**
 * A stretch of time through which a zone's clocks are the same distance from UTC. It may end where the year of
 * the table ends, too: then the next stretch has the same offset.
 */
export interface ZoneSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Local time − UTC, in ms. */
  readonly offsetMs: number;
}

const secondMs = 1_000;
const dayMs = 86_400_000;
/** How far apart two changes of a zone's clocks are at the least. */
const probeMs = 4 * dayMs;
const yearsKeptMax = 400;
const zonesKeptMax = 16;
const zones = new Map<string, Zone>();

/** The zone of that IANA name; what was found out about it is kept. Throws a RangeError when there is none. */
export function zoneOf(timezone: string): Zone {
  let zone = zones.get(timezone);
  if (zone === undefined) {
    zone = new Zone(timezone);
    if (zones.size >= zonesKeptMax) zones.clear();
    zones.set(timezone, zone);
  }
  return zone;
}

/** Is that the IANA name of a zone? */
export function isZone(timezone: string): boolean {
  try {
    zoneOf(timezone);
    return true;
  } catch {
    return false;
  }
}

/**
 * When the clocks of an IANA zone change. The zone data is asked once for each year that is touched: a few
 * hundred questions in a thousandth of a second, after which local times are plain arithmetic.
 */
export class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #years = new Map<number, readonly ZoneSpan[]>();
  #latest: ZoneSpan = { fromMs: 0, toMs: 0, offsetMs: 0 };

  constructor(timezone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** The stretch `atMs` lies in. Throws a RangeError outside the years 1 to 9999. */
  spanAt(atMs: number): ZoneSpan {
    const latest = this.#latest;
    if (atMs >= latest.fromMs && atMs < latest.toMs) return latest;
    const year = new Date(atMs).getUTCFullYear();
    if (!(year >= 1 && year <= 9_999)) throw new RangeError('a time outside the years 1 to 9999');
    const spans = this.#spansOf(year);
    const span = spans.find(({ toMs }) => atMs < toMs)!;
    this.#latest = span;
    return span;
  }

  /** What local clocks show at `atMs`, as if it were UTC. */
  localMs(atMs: number): number {
    return atMs + this.spanAt(atMs).offsetMs;
  }

  /**
   * The first instant at which local clocks show `localMs` or later: where they are put forward over it, that
   * instant; where they show it twice, the earlier one.
   */
  instantOf(localMs: number): number {
    let span = this.spanAt(localMs - 2 * dayMs);
    while (span.toMs + span.offsetMs <= localMs) span = this.spanAt(span.toMs);
    return Math.max(span.fromMs, localMs - span.offsetMs);
  }

  #spansOf(year: number): readonly ZoneSpan[] {
    let spans = this.#years.get(year);
    if (spans === undefined) {
      spans = this.#findSpans(Date.UTC(year, 0), Date.UTC(year + 1, 0));
      if (this.#years.size >= yearsKeptMax) this.#years.clear();
      this.#years.set(year, spans);
    }
    return spans;
  }

  #findSpans(yearFromMs: number, yearToMs: number): ZoneSpan[] {
    const spans: ZoneSpan[] = [];
    let fromMs = yearFromMs;
    let offsetMs = this.#askOffsetMs(fromMs);
    for (let atMs = fromMs; atMs < yearToMs; ) {
      const nextMs = Math.min(atMs + probeMs, yearToMs);
      const nextOffsetMs = this.#askOffsetMs(nextMs);
      if (nextOffsetMs !== offsetMs) {
        const changeMs = this.#changeWithin(atMs, nextMs, offsetMs);
        if (changeMs < yearToMs) {
          spans.push({ fromMs, toMs: changeMs, offsetMs });
          fromMs = changeMs;
          offsetMs = nextOffsetMs;
        }
      }
      atMs = nextMs;
    }
    return [...spans, { fromMs, toMs: yearToMs, offsetMs }];
  }

  /** The first whole second at which the offset is no longer that of `beforeMs`. */
  #changeWithin(beforeMs: number, afterMs: number, offsetMs: number): number {
    let before = beforeMs / secondMs;
    let after = afterMs / secondMs;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#askOffsetMs(middle * secondMs) === offsetMs) before = middle;
      else after = middle;
    }
    return after * secondMs;
  }

  #askOffsetMs(atMs: number): number {
    // `3/29/2026 A, 01:00:00`: month, day, year, era, hour, minute, second.
    const shown = this.#format.format(atMs);
    const [month, day, year, hour, minute, second] = shown.match(/\d+/g)!.map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const local = new Date(0);
    local.setUTCFullYear(shown.includes('B') ? 1 - year : year, month - 1, day);
    return local.setUTCHours(hour, minute, second) - atMs;
  }
}
