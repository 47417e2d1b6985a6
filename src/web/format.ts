/** A number ready to show and its unit; the unit is set apart and may be drawn smaller. */
export interface Shown {
  readonly text: string;
  readonly unit: string;
}

/** In place of a quantity that is not known; never a 0. */
export const unknownText = '–';
export const noBreak = '\u00a0';

/** Decimals of a number. */
export type Digits = 0 | 1 | 2 | 3;

/** Numbers in the reader's own notation, times in the room's zone. */
export class Format {
  readonly locale: string | undefined;
  readonly timeZone: string;
  readonly #numbers: Intl.NumberFormat[];
  readonly #percent: readonly [Intl.NumberFormat, Intl.NumberFormat];
  readonly #time: Intl.DateTimeFormat;
  readonly #timeWithSeconds: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #zoneName: Intl.DateTimeFormat;
  /** By currency and digits: a room has one currency. */
  readonly #prices = new Map<string, Intl.NumberFormat>();
  readonly #hourAndMinute: Intl.DateTimeFormat;

  constructor(locale: string | undefined, timeZone: string) {
    this.locale = locale;
    this.timeZone = knownZone(timeZone);
    this.#numbers = [0, 1, 2, 3].map(
      (digits) =>
        new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    );
    this.#percent = [
      new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }),
      new Intl.NumberFormat(locale, {
        style: 'percent',
        minimumFractionDigits: 1,
        maximumFractionDigits: 1,
      }),
    ];
    const zoned = { timeZone: this.timeZone };
    this.#time = new Intl.DateTimeFormat(locale, { ...zoned, hour: '2-digit', minute: '2-digit' });
    this.#timeWithSeconds = new Intl.DateTimeFormat(locale, {
      ...zoned,
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    this.#day = new Intl.DateTimeFormat(locale, {
      ...zoned,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
    });
    this.#hourAndMinute = new Intl.DateTimeFormat('en-GB', {
      ...zoned,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    this.#zoneName = new Intl.DateTimeFormat('en-GB', { ...zoned, timeZoneName: 'short' });
  }

  number(value: number, digits: Digits): string {
    return this.#numbers[digits]!.format(value);
  }

  /** One server's draw: whole watts, with a tenth where a watt is much. */
  watts(watts: number | undefined): Shown {
    if (watts === undefined) return { text: unknownText, unit: '' };
    return { text: this.number(watts, Math.abs(watts) < 9.95 && watts !== 0 ? 1 : 0), unit: 'W' };
  }

  /** A sum's draw: kW from 1,000 W on, four digits. */
  power(watts: number | undefined): Shown {
    if (watts === undefined || Math.abs(watts) < 999.5) return this.watts(watts);
    const kilowatts = watts / 1000;
    return { text: this.number(kilowatts, digitsFor(kilowatts)), unit: 'kW' };
  }

  energy(wattHours: number | undefined): Shown {
    if (wattHours === undefined) return { text: unknownText, unit: '' };
    const kilowattHours = wattHours / 1000;
    return { text: this.number(kilowattHours, digitsFor(kilowattHours)), unit: 'kWh' };
  }

  /** Of a start or a cycle: Wh, from 1 kWh on as `energy`. */
  smallEnergy(wattHours: number | undefined): Shown {
    if (wattHours === undefined || wattHours >= 999.5) return this.energy(wattHours);
    return {
      text: this.number(
        wattHours,
        digitsFor(wattHours) === 2 && wattHours >= 9.95 ? 1 : digitsFor(wattHours),
      ),
      unit: 'Wh',
    };
  }

  amps(amps: number | undefined): Shown {
    if (amps === undefined) return { text: unknownText, unit: '' };
    return {
      text: this.number(amps, Math.abs(amps) < 9.995 ? 2 : Math.abs(amps) < 999.5 ? 1 : 0),
      unit: 'A',
    };
  }

  /** A rating: `16 A`, `2.5 A`. */
  rating(amps: number): string {
    return `${this.number(amps, Number.isInteger(amps) ? 0 : 1)}${noBreak}A`;
  }

  percent(share: number | undefined): string {
    if (share === undefined) return unknownText;
    return this.#percent[share !== 0 && Math.abs(share) < 0.0995 ? 1 : 0].format(share);
  }

  /** As `percent`, always to the tenth, for a column of shares. */
  percentFine(share: number): string {
    return this.#percent[1].format(share);
  }

  /** How long ago, in the largest unit that says enough: `0 s`, `59 s`, `4 min`, `2 h 5 min`, `3 d`. */
  age(ms: number | undefined): string {
    if (ms === undefined) return unknownText;
    const seconds = Math.max(0, Math.floor(ms / 1000));
    if (seconds < 100) return `${this.number(seconds, 0)}${noBreak}s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes}${noBreak}min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 10) return `${hours}${noBreak}h ${minutes % 60}${noBreak}min`;
    if (hours < 48) return `${hours}${noBreak}h`;
    return `${this.number(Math.floor(hours / 24), 0)}${noBreak}d`;
  }

  /** How long something took: `0.3 s`, `42 s`, `3 min 20 s`, then as `age`. */
  duration(ms: number | undefined): string {
    if (ms === undefined) return unknownText;
    const seconds = Math.max(0, ms / 1000);
    const digits = seconds < 9.95 && Math.round(seconds * 10) % 10 !== 0 ? 1 : 0;
    if (seconds < 99.5) return `${this.number(seconds, digits)}${noBreak}s`;
    const whole = Math.round(seconds);
    if (whole >= 3600) return this.age(ms);
    const rest = whole % 60;
    const minutes = `${Math.floor(whole / 60)}${noBreak}min`;
    return rest === 0 ? minutes : `${minutes}${noBreak}${rest}${noBreak}s`;
  }

  /** Hours, as long as it was watched: `0.4 h`, `12 h`, `9 d`. */
  hours(hours: number): string {
    if (hours < 9.95) return `${this.number(hours, Number.isInteger(hours) ? 0 : 1)}${noBreak}h`;
    if (hours < 47.5) return `${this.number(hours, 0)}${noBreak}h`;
    return `${this.number(hours / 24, hours < 239 ? 1 : 0)}${noBreak}d`;
  }

  volts(volts: number | undefined): Shown {
    if (volts === undefined) return { text: unknownText, unit: '' };
    return { text: this.number(volts, 1), unit: 'V' };
  }

  /** So many times as much: `2.4 ×`. */
  times(ratio: number | undefined): string {
    return ratio === undefined ? unknownText : `${this.number(ratio, ratio < 9.95 ? 1 : 0)}${noBreak}×`;
  }

  /** Emissions: kg, from 10,000 kg on t. */
  mass(grams: number | undefined): Shown {
    if (grams === undefined) return { text: unknownText, unit: '' };
    const kilograms = grams / 1000;
    if (Math.abs(kilograms) >= 9_999.5) return { text: this.number(kilograms / 1000, 1), unit: 't' };
    return {
      text: this.number(kilograms, Math.abs(kilograms) < 9.95 && kilograms !== 0 ? 1 : 0),
      unit: 'kg',
    };
  }

  /** Whole, with separators; below ten with cents. With its sign where the currency is known. */
  money(amount: number | undefined, currency?: string): Shown {
    if (amount === undefined) return { text: unknownText, unit: '' };
    const digits = Math.abs(amount) < 9.995 ? 2 : 0;
    return { text: this.price(amount, currency, digits), unit: '' };
  }

  /** With so many decimals; without a sign where the currency is not known. */
  price(amount: number, currency: string | undefined, digits: Digits): string {
    if (currency === undefined) return this.number(amount, digits);
    const key = `${currency}${digits}`;
    let prices = this.#prices.get(key);
    if (!prices) {
      const style = { style: 'currency', currency, minimumFractionDigits: digits } as const;
      prices = new Intl.NumberFormat(this.locale, { ...style, maximumFractionDigits: digits });
      this.#prices.set(key, prices);
    }
    return prices.format(amount);
  }

  /** kWh without its unit, for a column of years: whole, a tenth below ten. */
  kilowattHours(wattHours: number): string {
    const kilowattHours = wattHours / 1000;
    return this.number(kilowattHours, kilowattHours < 9.95 ? 1 : 0);
  }

  count(count: number): string {
    return this.number(count, 0);
  }

  /** A moment of today by its time, of another day with its day. */
  when(atMs: number, nowMs: number): string {
    const isToday = Math.abs(nowMs - atMs) < 86_400_000 && this.day(atMs) === this.day(nowMs);
    return isToday ? this.timeWithSeconds(atMs) : `${this.day(atMs)}, ${this.timeOfDay(atMs)}`;
  }

  timeOfDay(atMs: number): string {
    return this.#time.format(atMs);
  }

  timeWithSeconds(atMs: number): string {
    return this.#timeWithSeconds.format(atMs);
  }

  /** Is it the first minute of a day there? */
  isMidnight(atMs: number): boolean {
    return this.#hourAndMinute.format(atMs) === '00:00';
  }

  day(atMs: number): string {
    return this.#day.format(atMs);
  }

  /** The zone as it is called at that time: `BST`, `GMT+2`. */
  zoneName(atMs: number): string {
    const part = this.#zoneName.formatToParts(atMs).find(({ type }) => type === 'timeZoneName');
    return part?.value ?? this.timeZone;
  }
}

/** `1.23 kW`, kept on one line. */
export function joined({ text, unit }: Shown): string {
  return unit === '' ? text : `${text}${noBreak}${unit}`;
}

/** A word for a count: `1 server`, `2 servers`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()}${noBreak}${count === 1 ? one : many}`;
}

/** `2,000`, or `12 of 2,000` where only some are shown. */
export function countText(shown: number, all = shown): string {
  return `${shown === all ? '' : `${shown.toLocaleString()} of `}${all.toLocaleString()}`;
}

function digitsFor(value: number): 0 | 1 | 2 {
  const size = Math.abs(value);
  if (size >= 999.5) return 0;
  return size >= 99.95 ? 1 : 2;
}

/** A zone this browser does not know is shown as UTC, and says so by its name. */
function knownZone(timeZone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone;
  } catch {
    return 'UTC';
  }
}
