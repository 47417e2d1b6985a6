import type { PowerTree, Server, ServerInput } from '../../model/power-tree.ts';
import { type Machine, machines } from './machines.ts';
import { breakers, meters, outletOf } from './meters.ts';

/** The simulated room as its admin would describe it in the settings. `timezone`: IANA, by default the machine's. */
export function demoRoom(timezone: string = machineTimezone()): PowerTree {
  const named = machines.filter(({ claimed }) => claimed);
  return {
    name: 'Demo server room',
    timezone,
    feeds: ['A', 'B'].map((name) => ({
      name,
      volts: 230,
      breakers: breakers
        .filter(({ feed }) => feed === name)
        .map((breaker) => ({ name: breaker.name, amps: breaker.amps, curve: 'C' })),
    })),
    racks: [...new Set(named.map(({ rack }) => rack))].map((name) => ({ name })),
    servers: named.map(serverOf),
  };
}

export function machineTimezone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
}

function serverOf(machine: Machine): Server {
  const { name, rack, idleLimitWatts, hardware } = machine;
  return {
    name,
    rack,
    inputs: inputsOf(name),
    ...(idleLimitWatts === undefined ? {} : { idleLimitWatts }),
    ...(hardware === undefined ? {} : { hardware }),
  };
}

function inputsOf(name: string): ServerInput[] {
  return meters.flatMap((meter) =>
    meter.channels.flatMap((machine, channel) =>
      machine === name ? [{ outlet: outletOf(meter, channel), breaker: meter.breaker }] : [],
    ),
  );
}
