import { afterEach, expect, it, vi } from 'vitest';
import { TraceHistory } from '../../src/web/trace-history.ts';
import { Traces, traceSteps } from '../../src/web/traces.ts';

const nowMs = 1_800_000_000_000;
const scopes = Array.from({ length: 25 }, (_, i) => `server:s${i}`);

afterEach(() => vi.unstubAllGlobals());

/** A service that refuses a question as a whole when it names this server; the answers are counted. */
function answerAllBut(status: (asked: readonly string[]) => number): { questions: number } {
  const seen = { questions: 0 };
  vi.stubGlobal('fetch', async (path: string) => {
    seen.questions += 1;
    const asked = new URL(path, 'http://room').searchParams.getAll('scope');
    const said = status(asked);
    if (said !== 200) return Response.json({ title: 'No' }, { status: said });
    const stepMs = 60_000;
    const series = asked.map((scope) => ({ scope, stepMs, atMs: [nowMs - 300_000], mean: [100] }));
    return Response.json(series.length === 1 ? series[0] : { series });
  });
  return seen;
}

function tracesOf(): Traces {
  const traces = new Traces(100);
  traces.advance(nowMs);
  return traces;
}

const isFilled = (traces: Traces, scope: string) =>
  traces.read(scope, new Float32Array(traceSteps))?.some((watts) => watts === 100) ?? false;

it('one server that is not known costs no other its trace', async () => {
  const seen = answerAllBut((asked) => (asked.includes('server:s7') ? 404 : 200));
  const traces = tracesOf();
  new TraceHistory(traces, () => nowMs).inSight(scopes);
  await expect.poll(() => scopes.filter((scope) => isFilled(traces, scope)).length).toBe(24);
  expect(isFilled(traces, 'server:s7')).toBe(false);
  expect(seen.questions).toBeLessThan(12);
});

it('a store that is away is asked once, and again when rows come in sight', async () => {
  let status = 503;
  const seen = answerAllBut(() => status);
  const traces = tracesOf();
  const history = new TraceHistory(traces, () => nowMs);
  history.inSight(scopes);
  await expect.poll(() => seen.questions).toBe(1);
  status = 200;
  await vi.waitFor(() => {
    history.inSight(scopes);
    expect(scopes.every((scope) => isFilled(traces, scope))).toBe(true);
  });
});
