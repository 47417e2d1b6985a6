/** What a message on `room.carbon.topic` says. */
export interface FactorMessage {
  readonly gramsPerKwh: number;
  /** From when it holds, epoch ms; undefined: from when it came. */
  readonly fromMs: number | undefined;
}

/** g/kWh. No grid is near the upper end: lignite alone is about 1,200. */
export const gramsPerKwhMax = 2_000;
const bytesMax = 65_536;
const depthMax = 4;

/**
 * Names of the figure, the surest first: rackwatt's own, Electricity Maps' `carbonIntensity`, the `intensity` of
 * carbonintensity.org.uk (an object with `actual` and `forecast`), and what bridges call any value.
 */
const figureNames = ['gramsperkwh', 'carbonintensity', 'intensity', 'actual', 'forecast', 'value', 'state'];
const timeNames = ['from', 'fromms', 'atms', 'datetime', 'timestamp', 'time', 'at'];
/** Where sites put the one thing they answer. */
const wrapperNames = ['data', 'history'];

/**
 * Reads a payload: a number, or JSON with a number under a known name and optionally a time (ISO 8601 with its zone,
 * epoch s or ms). Undefined when it is neither, or its time cannot be understood.
 */
export function factorOfMessage(payload: Uint8Array): FactorMessage | undefined {
  if (payload.length === 0 || payload.length > bytesMax) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
  const plain = figureIn(value);
  return plain === undefined ? inObject(value, 0) : { gramsPerKwh: plain, fromMs: undefined };
}

function inObject(value: unknown, depth: number): FactorMessage | undefined {
  if (typeof value !== 'object' || value === null || depth > depthMax) return undefined;
  if (Array.isArray(value)) return inObject(value.at(-1), depth + 1);
  const fields = new Map(
    Object.entries(value).map(([name, field]) => [name.toLowerCase().replaceAll('_', ''), field as unknown]),
  );
  const time = timeNames
    .map((name) => fields.get(name))
    .find((field) => field !== undefined && field !== null);
  const fromMs = time === undefined ? undefined : timeIn(time);
  if (time !== undefined && fromMs === undefined) return undefined;
  for (const name of figureNames) {
    const field = fields.get(name);
    const figure = figureIn(field);
    if (figure !== undefined) return { gramsPerKwh: figure, fromMs };
    const within = inObject(field, depth + 1);
    if (within !== undefined) return { gramsPerKwh: within.gramsPerKwh, fromMs: within.fromMs ?? fromMs };
  }
  for (const name of wrapperNames) {
    const within = inObject(fields.get(name), depth + 1);
    if (within !== undefined) return { gramsPerKwh: within.gramsPerKwh, fromMs: within.fromMs ?? fromMs };
  }
  return undefined;
}

function figureIn(field: unknown): number | undefined {
  if (typeof field === 'number') return Number.isFinite(field) ? field : undefined;
  if (typeof field !== 'string' || !/^\s*-?\d{1,12}(\.\d{1,12})?\s*$/.test(field)) return undefined;
  return Number(field);
}

/** A plain number is epoch s below the year 5138 and ms above; a text needs its zone, for nothing says whose it is. */
function timeIn(field: unknown): number | undefined {
  const number = figureIn(field);
  if (number !== undefined) return Math.abs(number) < 1e11 ? number * 1_000 : number;
  if (typeof field !== 'string') return undefined;
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/.test(field))
    return undefined;
  const atMs = Date.parse(field);
  return Number.isNaN(atMs) ? undefined : atMs;
}
