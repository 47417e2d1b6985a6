import type { Channel, Message } from '../alerts/notify/channel.ts';
import { DeliveryError } from '../alerts/notify/channel.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { makeLog } from '../base/log.ts';
import { brokerLogin } from '../config/broker-login.ts';
import type { Settings } from '../config/schema.ts';
import { makeChannels } from '../notifying.ts';
import { textTable } from './text-table.ts';

export interface NotifyCommandParts {
  out(text: string): void;
  readonly clock: Clock;
}

const testMsMax = 30_000;

/**
 * `rackwatt notify`: lists who is told of what. With `--test`, sends a test message through one channel, or through
 * all, and says what became of it. Answers whether all is well. Throws a NotifySecretError.
 */
export async function notify(
  settings: Settings,
  { test }: { readonly test?: string | true | undefined },
  { out, clock }: NotifyCommandParts = { out: (text) => process.stdout.write(text), clock: systemClock },
): Promise<boolean> {
  const channels = makeChannels({
    settings,
    room: settings.room,
    brokerUrl: () => brokerLogin(settings).url,
    httpUrl: () => `http://${settings.http.host}:${settings.http.port}`,
    clock,
    log: makeLog('silent'),
  });
  if (channels.length === 0) {
    out(none);
    return test === undefined;
  }
  if (test === undefined) {
    out(listed(channels, settings));
    return true;
  }
  const asked = test === true ? channels : channels.filter(({ name }) => name === test);
  if (asked.length === 0) {
    out(`There is no channel "${test}". There are: ${channels.map(({ name }) => name).join(', ')}\n`);
    return false;
  }
  let well = true;
  // One after the other, so that each line stands by itself.
  for (const { name, channel } of asked) well = (await tryOut(name, channel, { out, clock })) && well;
  return well;
}

const none = `Nobody is told of alerts: there is nothing under notify.channels. For example:

  notify:
    channels:
      - { name: ops, kind: webhook, url: https://ops.example.org/rackwatt }

docs/notifications.md shows every kind.
`;

function listed(channels: readonly { name: string; channel: Channel }[], { notify: told }: Settings): string {
  const rows = channels.map(({ name, channel }) => {
    const routes = told.routes.filter((route) => route.channels.includes(name));
    const what = routes.map(({ severities, rules, scopes }) =>
      [severities, rules, scopes]
        .flatMap((list) => (list === undefined ? [] : [list.join('|')]))
        .join(' in '),
    );
    return [name, channel.kind, channel.target, what.filter(Boolean).join('; ') || 'all alerts'];
  });
  return `${textTable([['channel', 'kind', 'to', 'is told of'], ...rows], new Set())}\nTry them: rackwatt notify --test, or --test NAME for one\n`;
}

async function tryOut(name: string, channel: Channel, { out, clock }: NotifyCommandParts): Promise<boolean> {
  const message: Message = {
    about: 'test',
    told: [],
    left: 0,
    counts: { firing: 0, resolved: 0 },
    atMs: clock.nowMs(),
  };
  try {
    const { problem } = await channel.send(message, AbortSignal.timeout(testMsMax));
    if (problem === undefined) out(`✓ ${name}: ${channel.kind} ${channel.target} took the test message\n`);
    else out(`✗ ${name}: ${problem}\n`);
    return problem === undefined;
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    out(`✗ ${name}: ${error.message}\n`);
    return false;
  } finally {
    await channel.stop?.();
  }
}
