import { Alerts } from '../../src/alerts/alerts.ts';
import type { Outside } from '../../src/alerts/outside.ts';
import { idleVerdicts } from '../../src/analysis/idle-limit.ts';
import { loadSettings } from '../../src/config/load.ts';
import { observeDemoPast } from '../../src/demo-learning.ts';
import { Watch } from '../../src/detect/watch.ts';
import type { Notice } from '../../src/model/alert.ts';
import { emptyReading, splitOutlet } from '../../src/model/reading.ts';
import { Room } from '../../src/model/room.ts';
import { voltAmpsOf } from '../../src/sources/demo/mains.ts';
import { silentMeter } from '../../src/sources/demo/meters.ts';
import { SimulatedRoom } from '../../src/sources/demo/simulated-room.ts';
import { WatchGate } from '../../src/watch-gate.ts';

const message = { topic: '', payload: new Uint8Array(), retained: false, qos: 0, sequence: 0 } as const;
const volts = 230;
/** What carried a part before the planted faults happened; a sleeping hot spare never does. */
const carriesShare = 0.08;

/**
 * The demo room in simulated time, by its true draw every `stepMs`: room, detectors and alerts as they run in the
 * service, without what lies between (brokers, meters, stores). Answers what was told.
 */
export async function demoDays(
  seed: number,
  fromMs: number,
  days: number,
  stepMs: number,
): Promise<Notice[]> {
  const { settings } = loadSettings({ env: {}, cwd: '/' });
  const demo = new SimulatedRoom(seed, 'Europe/London');
  const told: Notice[] = [];
  const watch: Watch = new Watch({
    tree: demo.tree,
    event: (event) => alerts?.event(event),
    changed: (scope) => gate.changed(scope),
  });
  let alerts: Alerts | undefined;
  const gate: WatchGate = new WatchGate({ watch, changed: () => {} });
  await observeDemoPast(demo, gate.past(), fromMs);
  watch.missed();
  gate.open();
  const room = new Room({ tree: demo.tree, rollUp: () => {}, observer: gate.live });
  const outside: Outside = {
    service: () => ({
      brokerReady: true,
      storeOk: true,
      backlogReadings: 0,
      backlogBytes: 0,
      backlogBytesMax: 1,
    }),
    idle: () => idleVerdicts(watch.idle(), demo.tree, settings.detect),
    month: () => undefined,
    carriedBefore: (outlet) => demo.outlet(outlet).earlierShare >= carriesShare,
    isOnline: (device) => device !== silentMeter,
  };
  alerts = new Alerts({
    room,
    tree: demo.tree,
    settings: settings.alerts,
    outside,
    teller: { tell: (notice) => void told.push(notice) },
    event: () => {},
  });
  const outlets = demo.outlets.filter(({ meter, machine }) => !meter.silent && machine !== undefined);
  for (let nowMs = fromMs; nowMs < fromMs + days * 86_400_000; nowMs += stepMs) {
    for (const { outlet, machine, plusWatts, share } of outlets) {
      const watts = plusWatts + share * machine!.watts(nowMs);
      const amps = voltAmpsOf(watts, machine!.machine.supplyWatts) / volts;
      room.apply(
        {
          ...emptyReading(splitOutlet(outlet).device, outlet, { ...message, receivedAtMs: nowMs }),
          watts,
          volts,
          amps,
        },
        stepMs,
      );
    }
    room.tick(nowMs);
    watch.tick(nowMs);
    alerts.tick(nowMs);
  }
  return told;
}
