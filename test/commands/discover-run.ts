import { type DiscoverOptions, discover } from '../../src/commands/discover.ts';
import { loadFamilies } from '../../src/families.ts';
import { HandClock } from '../base/hand-clock.ts';
import { until } from '../base/until.ts';

const families = await loadFamilies();

/** A terminal and a pipe that remember what was written. */
export function io() {
  const clock = new HandClock();
  const written = { out: '', err: '' };
  const stdout = {
    write(text: string) {
      written.out += text;
      return true;
    },
  };
  const stderr = {
    isTTY: true,
    write(text: string) {
      written.err += text;
    },
  };
  return { families, clock, stdout, stderr, written };
}

/** Runs it on a hand-driven clock: so many messages are published and heard, then the time is up. */
export async function run(
  options: Partial<DiscoverOptions> & { url: string },
  messages: number,
  publish: () => Promise<unknown> = async () => {},
) {
  const all = io();
  const { clock, written } = all;
  const running = discover({ seconds: 30, yaml: false, ...options }, all);
  await until(() => written.err.includes('listening, 30 s left'), 'listening');
  await publish();
  const endMs = clock.nowMs() + 30_000;
  await until(
    () => {
      // The countdown tells how many have come.
      if (clock.nowMs() < endMs - 1_000) clock.advance(50);
      return written.err.includes(`: ${messages} messages`);
    },
    () => `${messages} messages: ${written.err.slice(-200)}`,
  );
  clock.advance(endMs - clock.nowMs());
  return { outlets: await running, ...written };
}
