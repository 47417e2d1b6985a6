import type { ServerHardware } from '../../model/power-tree.ts';

/** What keeps a machine busy, and so the shape of its day (workload.ts). */
export type Work =
  | 'office'
  | 'database'
  | 'steady'
  | 'batch'
  | 'training'
  | 'runner'
  | 'backup'
  | 'tape'
  | 'files'
  | 'screen';

/**
 * How its supplies divide the draw. `hot-spare`: the last one sleeps at a few watts, as it should. `one-dead`:
 * the last one is broken, the others carry its part.
 */
export type Supplies = 'shared' | 'hot-spare' | 'one-dead';

/** Something that draws power. Watts are of the whole machine; levels follow published idle and full-load figures. */
export interface Machine {
  readonly name: string;
  readonly rack: string;
  readonly work: Work;
  /** On, and nothing to do. */
  readonly idleWatts: number;
  readonly busyWatts: number;
  /** Switched off, management controller alive. */
  readonly standbyWatts: number;
  /** Rating of one supply. */
  readonly supplyWatts: number;
  /** Peak of a start, as a multiple of idle. */
  readonly surge: number;
  /** A patch night in four weeks; runners are set up anew after each job; `never`: nobody dares. */
  readonly reboots: 'often' | 'monthly' | 'never';
  readonly supplies: Supplies;
  /** Named in the room's settings. */
  readonly claimed: boolean;
  readonly idleLimitWatts?: number;
  readonly hardware?: ServerHardware;
}

type Extras = Partial<
  Pick<Machine, 'surge' | 'reboots' | 'supplies' | 'claimed' | 'idleLimitWatts' | 'hardware'>
>;

function machine(
  name: string,
  rack: string,
  work: Work,
  [idleWatts, busyWatts, standbyWatts, supplyWatts]: readonly [number, number, number, number],
  extras: Extras = {},
): Machine {
  return {
    name,
    rack,
    work,
    idleWatts,
    busyWatts,
    standbyWatts,
    supplyWatts,
    surge: 2,
    reboots: 'monthly',
    supplies: 'shared',
    claimed: true,
    ...extras,
  };
}

/** Network and storage gear: never restarted, draws nearly the same whatever it does, so it has a limit of its own. */
function appliance(idleLimitWatts: number): Extras {
  return { reboots: 'never', idleLimitWatts };
}

const hypervisor: Extras = {
  surge: 2.1,
  idleLimitWatts: 260,
  hardware: { sockets: 2, memoryGb: 256, drives: 4, redundantSupplies: 1 },
};
const bigDatabase: ServerHardware = { sockets: 2, memoryGb: 768, drives: 12, redundantSupplies: 1 };
const web: Extras = { surge: 1.9, hardware: { sockets: 1, memoryGb: 192, drives: 2, redundantSupplies: 1 } };
const calculator: Extras = { surge: 1.8, idleLimitWatts: 280 };
const runner: Extras = { surge: 2.6, reboots: 'often' };

export const machines: readonly Machine[] = [
  machine('hv-01', 'r1', 'office', [178, 345, 14, 750], hypervisor),
  machine('hv-02', 'r1', 'office', [184, 352, 14, 750], hypervisor),
  machine('hv-03', 'r1', 'office', [171, 338, 14, 750], hypervisor),
  machine('hv-04', 'r1', 'office', [189, 360, 15, 750], hypervisor),
  machine('hv-05', 'r1', 'office', [176, 341, 14, 750], hypervisor),
  machine('sw-core-1', 'r1', 'steady', [92, 104, 9, 350], appliance(130)),
  machine('sw-core-2', 'r1', 'steady', [94, 106, 9, 350], appliance(130)),
  machine('router-01', 'r1', 'steady', [58, 66, 7, 250], appliance(90)),
  machine('fw-01', 'r1', 'steady', [27, 34, 5, 90], appliance(45)),
  machine('fw-02', 'r1', 'steady', [26, 33, 5, 90], appliance(45)),
  machine('dc-01', 'r1', 'office', [46, 125, 6, 300], { surge: 2.2 }),
  machine('dc-02', 'r1', 'office', [44, 122, 6, 300], { surge: 2.2 }),
  machine('mon-01', 'r1', 'office', [42, 130, 5, 300], { surge: 2.3 }),
  machine('vpn-01', 'r1', 'office', [36, 98, 5, 250], { surge: 2 }),
  machine('pi-01', 'r1', 'steady', [3.4, 5.4, 0.4, 15], appliance(8)),

  machine('web-01', 'r2', 'office', [63, 188, 8, 450], web),
  machine('web-02', 'r2', 'office', [66, 192, 8, 450], web),
  machine('web-03', 'r2', 'office', [61, 185, 8, 450], web),
  machine('web-04', 'r2', 'office', [68, 195, 8, 450], web),
  machine('app-01', 'r2', 'office', [112, 320, 12, 550], { surge: 2 }),
  machine('mail-01', 'r2', 'office', [74, 205, 9, 450], { surge: 1.8 }),
  machine('sw-r2-1', 'r2', 'steady', [46, 53, 6, 250], appliance(70)),
  machine('db-01', 'r2', 'database', [205, 455, 16, 800], { surge: 1.9, hardware: bigDatabase }),
  machine('db-02', 'r2', 'database', [212, 462, 16, 800], {
    reboots: 'never',
    supplies: 'one-dead',
    hardware: bigDatabase,
  }),
  machine('db-03', 'r2', 'database', [198, 448, 16, 800], { surge: 1.9, hardware: bigDatabase }),
  machine('db-04', 'r2', 'database', [201, 450, 16, 800], {
    reboots: 'never',
    supplies: 'hot-spare',
    hardware: bigDatabase,
  }),
  machine('gpu-01', 'r2', 'training', [330, 1520, 22, 2000], { surge: 2.2, idleLimitWatts: 400 }),
  machine('ci-01', 'r2', 'runner', [35, 124, 2.8, 180], runner),
  machine('ci-02', 'r2', 'runner', [37, 131, 2.9, 180], runner),
  machine('ci-03', 'r2', 'runner', [34, 122, 2.7, 180], runner),
  machine('ci-04', 'r2', 'runner', [38, 133, 3, 180], runner),
  machine('ci-05', 'r2', 'runner', [36, 127, 2.8, 180], runner),
  machine('ci-06', 'r2', 'runner', [35, 125, 2.8, 180], runner),
  machine('lab-01', 'r2', 'office', [58, 172, 3.5, 400], { surge: 1.8 }),
  machine('lab-02', 'r2', 'office', [64, 181, 3.6, 400], { surge: 1.8, reboots: 'never' }),

  machine('old-erp-01', 'r3', 'steady', [1012, 1040, 58, 1300], {
    reboots: 'never',
    hardware: { sockets: 8, memoryGb: 256, drives: 16, redundantSupplies: 2 },
  }),
  machine('san-01', 'r3', 'steady', [838, 865, 45, 1300], appliance(1000)),
  machine('nas-01', 'r3', 'files', [96, 196, 8, 500], { reboots: 'never', idleLimitWatts: 130 }),
  machine('nas-02', 'r3', 'files', [15, 33, 2, 90], { reboots: 'never', idleLimitWatts: 40 }),
  machine('calc-01', 'r3', 'batch', [226, 352, 15, 800], calculator),
  machine('calc-02', 'r3', 'batch', [222, 348, 15, 800], calculator),
  machine('calc-03', 'r3', 'batch', [229, 355, 15, 800], calculator),
  machine('calc-04', 'r3', 'batch', [224, 350, 15, 800], calculator),
  machine('bkp-01', 'r3', 'backup', [168, 296, 13, 750], { surge: 1.9, idleLimitWatts: 220 }),
  machine('sw-r3-1', 'r3', 'steady', [44, 50, 6, 250], appliance(70)),
  machine('tape-01', 'r3', 'tape', [31, 112, 4, 200], { reboots: 'never', idleLimitWatts: 60 }),

  machine('kvm', 'r3', 'steady', [14, 16, 2, 60], { reboots: 'never', claimed: false }),
  machine('screen', 'r1', 'screen', [0.4, 41, 0.4, 90], { reboots: 'never', claimed: false }),
];
