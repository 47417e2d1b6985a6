import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/detect/watch.ts';
import { beginMs, chance, treeOf } from './waves.ts';

const tree = treeOf(
  ...Array.from({ length: 4 }, (_, i) => ({
    name: `s${i}`,
    inputs: [{ outlet: `pdu/${i}`, breaker: 'A1' }],
  })),
);

interface Grid {
  readonly ohms: number;
  readonly noiseVolts: number;
  /** The steps of all machines at the same second. */
  readonly together?: boolean;
}

/** Four machines on one breaker, each steps up and down by some amperes at its own times. */
function stepping({ ohms, noiseVolts, together = false }: Grid): Watch {
  const watch = new Watch({ tree, event: () => {} });
  const next = chance(11);
  const amps = [0.5, 0.5, 0.5, 0.5];
  for (let i = 0; i < 4; i += 1) watch.opened(i, `server:s${i}`, [`pdu/${i}`]);
  for (let second = 0; second < 4 * 3600; second += 1) {
    for (let i = 0; i < 4; i += 1) {
      if ((second + (together ? 0 : 37 * i)) % 240 === 120) amps[i] = amps[i]! > 1 ? 0.5 : 3.5 + next();
    }
    const sum = amps.reduce((all, one) => all + one, 0);
    for (let i = 0; i < 4; i += 1) {
      const volts = 232 - ohms * sum + noiseVolts * (2 * next() - 1);
      watch.observe(i, beginMs + second * 1000, amps[i]! * volts, volts, amps[i]!);
    }
  }
  return watch;
}

describe('the impedance of a source', () => {
  it('is learnt from clean steps within a tenth, through half a volt of noise on the grid', () => {
    const [learnt] = stepping({ ohms: 0.45, noiseVolts: 0.5 }).impedances();
    expect(learnt!.scope).toBe('breaker:A1');
    expect(Math.abs(learnt!.ohms - 0.45)).toBeLessThan(0.045);
    expect(learnt!.steps).toBeGreaterThan(20);
    expect(learnt!.confidence).toBeGreaterThan(0.7);
  });

  it('is not learnt from steps of several at once', () => {
    const learnt = stepping({ ohms: 0.45, noiseVolts: 0.5, together: true }).impedances();
    expect(learnt).toEqual([]);
  });

  it('is not made up where the voltage does not follow', () => {
    const [learnt] = stepping({ ohms: 0, noiseVolts: 0.5 }).impedances();
    expect(learnt?.confidence ?? 0).toBeLessThan(0.4);
  });
});
