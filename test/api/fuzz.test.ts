import { expect, it } from 'vitest';
import { Chance } from '../devices/mutated-message.ts';
import { runApp } from '../room/running.ts';
import { fuzz, noTally } from './fuzz-run.ts';
import { madeToken } from './made-access.ts';

/** `npm run bench -- api-fuzz` sends a hundred times as many. */
it('whatever is asked of the whole service is answered or refused with a reason', async () => {
  const tokens = [madeToken('viewer', 'view'), madeToken('operator', 'operate')];
  const rules = tokens.map(({ rule: { name, hash, role } }) => ({ name, hash, role }));
  const app = await runApp({ RACKWATT_DEMO_RUN: 'always', RACKWATT_ACCESS_TOKENS: JSON.stringify(rules) });
  const tally = noTally();
  const credentials = tokens.map(({ text }) => ({ authorization: `Bearer ${text}` }));
  await fuzz({ url: app.httpUrl, credentials }, new Chance(7), 600, tally);
  await app.dispose();
  expect([...tally.findings]).toEqual([]);
  // It got past the door, and into every kind of answer; whether something is still as it was (304) hangs on the moment.
  for (const status of [200, 400, 401, 403, 404, 405, 415])
    expect([...tally.byStatus.keys()]).toContain(status);
  expect(tally.frames).toBeGreaterThan(10);
});
