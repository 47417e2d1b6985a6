/** What a simulated meter publishes. Text only, as the real ones do. */
export interface DemoMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: 0 | 1;
}

/** Speaks for one meter. Times are those of its own beat, once a second; figures are true at just that moment. */
export interface MeterVoice {
  /** On connecting to the broker. */
  hello(atMs: number): DemoMessage[];
  /** At each beat. */
  beat(atMs: number): DemoMessage[];
  /** Its last words, or what its will says when the connection breaks. */
  goodbye(): DemoMessage[];
}

export function message(topic: string, payload: object | string, retain = false): DemoMessage {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return { topic, payload: text, retain, qos: retain ? 1 : 0 };
}

/** To so many decimals, as a meter's firmware prints it. */
export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
