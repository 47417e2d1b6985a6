/** Writes Sparkplug B payloads (sparkplug_b.proto), for tests: each kind of value as encoders send it. */

export interface MadeMetric {
  name?: string;
  alias?: number;
  timestamp?: number;
  type?: number;
  historical?: boolean;
  isNull?: boolean;
  int?: number | bigint;
  long?: number | bigint;
  float?: number;
  double?: number;
  boolean?: boolean;
  text?: string;
  properties?: Record<string, string | number>;
  template?: { metrics: MadeMetric[]; isDefinition?: boolean };
  /** Left as it is, e.g. a data set. */
  raw?: Uint8Array;
}

export interface MadePayload {
  timestamp?: number;
  seq?: number;
  metrics?: MadeMetric[];
}

export function sparkplug({ timestamp, seq, metrics = [] }: MadePayload): Buffer {
  return Buffer.concat([
    ...number(1, timestamp),
    ...metrics.flatMap((metric) => part(2, madeMetric(metric))),
    ...number(3, seq),
  ]);
}

function madeMetric(metric: MadeMetric): Buffer {
  return Buffer.concat([
    ...text(1, metric.name),
    ...number(2, metric.alias),
    ...number(3, metric.timestamp),
    ...number(4, metric.type),
    ...number(5, metric.historical === undefined ? undefined : Number(metric.historical)),
    ...number(7, metric.isNull === undefined ? undefined : Number(metric.isNull)),
    ...(metric.properties === undefined ? [] : part(9, madeProperties(metric.properties))),
    ...number(10, metric.int),
    ...number(11, metric.long),
    ...fixed(12, 4, metric.float),
    ...fixed(13, 8, metric.double),
    ...number(14, metric.boolean === undefined ? undefined : Number(metric.boolean)),
    ...text(15, metric.text),
    ...(metric.template === undefined ? [] : part(18, madeTemplate(metric.template))),
    metric.raw ?? Buffer.alloc(0),
  ]);
}

function madeTemplate({ metrics, isDefinition }: NonNullable<MadeMetric['template']>): Buffer {
  return Buffer.concat([
    ...text(1, '1.0'),
    ...metrics.flatMap((metric) => part(2, madeMetric(metric))),
    ...text(4, 'Strip'),
    ...number(5, isDefinition === undefined ? undefined : Number(isDefinition)),
  ]);
}

function madeProperties(properties: Record<string, string | number>): Buffer {
  const values = Object.values(properties).map((value) =>
    typeof value === 'string'
      ? Buffer.concat([...number(1, 12), ...text(8, value)])
      : Buffer.concat([...number(1, 10), ...fixed(6, 8, value)]),
  );
  return Buffer.concat([
    ...Object.keys(properties).flatMap((key) => text(1, key)),
    ...values.flatMap((value) => part(2, value)),
  ]);
}

function varint(value: number | bigint): Buffer {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (left >= 128n) {
    bytes.push(Number(left & 127n) | 128);
    left >>= 7n;
  }
  return Buffer.from([...bytes, Number(left)]);
}

function number(field: number, value: number | bigint | undefined): Buffer[] {
  return value === undefined ? [] : [varint(field << 3), varint(value)];
}

function part(field: number, bytes: Buffer): Buffer[] {
  return [varint((field << 3) | 2), varint(bytes.length), bytes];
}

function text(field: number, value: string | undefined): Buffer[] {
  return value === undefined ? [] : part(field, Buffer.from(value));
}

function fixed(field: number, size: 4 | 8, value: number | undefined): Buffer[] {
  if (value === undefined) return [];
  const bytes = Buffer.alloc(size);
  if (size === 4) bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return [varint((field << 3) | (size === 4 ? 5 : 1)), bytes];
}
