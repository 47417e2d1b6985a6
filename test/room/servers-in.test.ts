import { describe, expect, it } from 'vitest';
import type { PowerTree } from '../../src/model/power-tree.ts';
import { serversIn } from '../../src/servers-in.ts';

const tree: PowerTree = {
  name: 'Room',
  timezone: 'UTC',
  feeds: [
    { name: 'A', breakers: [{ name: 'A1' }, { name: 'A2' }] },
    { name: 'B', breakers: [{ name: 'B1' }] },
  ],
  racks: [{ name: 'r1' }],
  servers: [
    {
      name: 'two',
      rack: 'r1',
      inputs: [
        { outlet: 'pdu-a/1', breaker: 'A1' },
        { outlet: 'pdu-b/1', breaker: 'B1' },
      ],
    },
    { name: 'one', inputs: [{ outlet: 'pdu-a/2', breaker: 'A2' }] },
    { name: 'bare', inputs: [{ outlet: 'plug/0' }] },
  ],
};
const unclaimed = { unclaimedOutlets: () => ['pdu-a/9', 'lab/x/0'] };

describe('the servers of a scope', () => {
  const cases: [string, string[] | undefined][] = [
    ['*', undefined],
    ['room', undefined],
    ['server:*', undefined],
    ['outlet:*', undefined],
    ['server:gone', ['server:gone']],
    ['rack:r1', ['server:two']],
    ['rack:*', ['server:two']],
    ['breaker:A2', ['server:one']],
    ['feed:A', ['server:two', 'server:one']],
    ['feed:B', ['server:two']],
    ['feed:*', ['server:two', 'server:one']],
    ['breaker:*', ['server:two', 'server:one']],
    ['device:pdu-a', ['server:two', 'server:one', 'server:pdu-a/9']],
    ['device:lab/x', ['server:lab/x/0']],
    ['outlet:pdu-b/1', ['server:two']],
    ['outlet:lab/x/0', ['server:lab/x/0']],
    ['outlet:never/0', []],
  ];
  it.each(cases)('%s: %j', (scope, servers) => expect(serversIn(scope, tree, unclaimed)).toEqual(servers));
});
