import { join } from 'node:path';
import { Alerting } from './alerting.ts';
import { makeTariff } from './analysis/tariff.ts';
import { nextRecabling, treeAt } from './analysis/tree-at.ts';
import { askEnergy, type EnergyQuestion } from './api/ask-energy.ts';
import { askHistory } from './api/ask-history.ts';
import { type Api, createApi } from './api/server.ts';
import { type AskedStore, storeUntil } from './api/store-until.ts';
import {
  brokerNews,
  deviceRows,
  readyAnswer,
  serviceState,
  soleOutlet,
  treeAnswer,
  wattsByScope,
} from './app-answers.ts';
import {
  connectSimulatedRoom,
  importFolder,
  makeSimulatedRoom,
  makeStore,
  type PartsOptions,
  startSource,
} from './app-parts.ts';
import { CarbonFactors } from './carbon-factors.ts';
import type { Settings } from './config/schema.ts';
import { storePlace } from './config/store-place.ts';
import { observeDemoPast } from './demo-learning.ts';
import { fillDemoPast } from './demo-past.ts';
import { Detection } from './detection.ts';
import { DetectionAnswers } from './detection-answers.ts';
import type { IntakeSink } from './devices/delivery.ts';
import { Intake } from './devices/intake.ts';
import { Energy, type EnergyCounts } from './energy.ts';
import { exportCsv } from './exporting.ts';
import { familiesWith } from './families.ts';
import { FirstBuckets } from './first-buckets.ts';
import { inSteps } from './first-contact.ts';
import { Importing } from './importing.ts';
import { LiveHub } from './live/live-hub.ts';
import { startOfLocalDay } from './model/local-day.ts';
import type { PowerTree } from './model/power-tree.ts';
import { Room } from './model/room.ts';
import { makeNotifiers, notifierRows } from './notifying.ts';
import { outletsIn } from './outlets-in.ts';
import { RecabledPast } from './recabled-past.ts';
import { Road } from './road.ts';
import { demoPrices } from './sources/demo/demo-prices.ts';
import { Recorder, type RecorderStatus } from './store/recorder.ts';
import type { Store } from './store/store.ts';
import { makeYearPrices } from './year-prices.ts';

export interface AppOptions extends PartsOptions {
  /** Folder of the built page. Default: dist/web of this checkout. */
  readonly webRoot?: string | undefined;
  /** How far back the simulated room has a past, so that a test need not wait for weeks of it. Default: 30. */
  readonly demoPastDays?: number | undefined;
}

export interface RunningApp {
  readonly httpUrl: string;
  readonly brokerUrl: string;
  /** What has come in and what has become of it, for benches and tests. */
  counts(): AppCounts;
  /** From now on these tokens hold, and no others: whoever came in with one that is gone is sent away. */
  setTokens(tokens: Settings['access']['tokens']): void;
  /** Flushes, says goodbye, and lets go of everything; within 5 s. */
  stop(): Promise<void>;
}

export interface AppCounts {
  readonly messages: number;
  readonly readings: number;
  /** Messages of QoS 0 let go of because too many came. */
  readonly dropped: number;
  readonly store: RecorderStatus;
  readonly energy: EnergyCounts;
}

const tickMs = 1_000;
/** Of the end, which is to be within 5 s: how long roll-ups wait for the store, and all that is not durable for store and disk. */
const joinMsMax = 500;
const flushMsMax = 1_500;
/** Less than detection waits for its past. */
const pastWaitMsMax = 20_000;

/**
 * Builds the parts and joins them in the order a reading meets them: source → ring → intake → room → recorder,
 * and beside it live and api, which look at room and store at their own pace. Rejects when it cannot start; a
 * broker or a store that is away is no reason for that.
 */
export async function startApp(options: AppOptions): Promise<RunningApp> {
  const { settings, demo, clock, log } = options;
  const startedMs = clock.nowMs();
  let stopping = false;
  let readings = 0;

  // ── the parts, from the end of the road to its beginning ──
  const simulated = makeSimulatedRoom(options);
  const wholeTree: PowerTree = simulated?.tree ?? settings.room;
  const tree = treeAt(wholeTree, startedMs);
  let recablingMs = nextRecabling(wholeTree, startedMs);
  const terms = simulated === undefined ? settings.room : demoPrices;
  const kept = await makeStore(options);
  const factors = new CarbonFactors({
    settings: terms.carbon,
    timezone: tree.timezone,
    folder: storePlace(settings.store, demo).folder,
    clock,
    log,
  });
  await factors.open();
  const prices = {
    tariff: terms.tariff && makeTariff(terms.tariff, tree.timezone),
    get carbon() {
      return factors.carbon();
    },
  };
  const { store, backlog, checkpoint, receipts } = kept;
  const recorder: Recorder = new Recorder({
    store,
    backlog,
    refusedFiles: kept.refusedFiles,
    clock,
    log,
    durable: (sequence) => source.acknowledge(sequence),
    beforeWrite: () => receipts.saved(),
    bringAgain: () => source.bringAgain(),
  });
  const firstBuckets = new FirstBuckets({
    store,
    startedMs,
    record: (tier, row) => recorder.recordRollUps(tier, [row]),
    clock,
  });
  const detection: Detection = new Detection({
    tree,
    rules: settings.detect,
    prices: makeYearPrices(
      prices.tariff,
      () => factors.yearCarbon(),
      () => clock.nowMs(),
    ),
    store,
    checkpoint,
    clock,
    log,
    startedMs,
    record: (event) => recorder.recordEvents([event]),
    recordIdle: (rows, atMs) => recorder.recordIdle(rows, atMs),
    tell(event) {
      live.event(event);
      alerting.event(event);
    },
    madeUpPast: simulated && ((observer) => observeDemoPast(simulated, observer, startedMs)),
    changed: (scope) => room.changed(scope),
    alsoSaved: [
      {
        section: 'alerts',
        saved: (nowMs) => alerting.saved(nowMs),
        load: (bytes) => alerting.load(bytes),
      },
      {
        section: 'energy',
        saved: (nowMs) => energy.saved(nowMs),
        load: (bytes) => energy.load(bytes),
      },
      {
        section: 'cabling',
        saved: () => recabledPast.saved(),
        load: (bytes) => recabledPast.load(bytes),
      },
    ],
  });
  const isStoreIdle = () => recorder.status.storeOk && recorder.status.backlog.readings === 0;
  const energy: Energy = new Energy({
    tree: wholeTree,
    store,
    room: () => room,
    clock,
    log,
    startedMs,
    rawMs: settings.store.retention.rawMs,
    isStoreIdle,
    save: () => detection.saveSoon(),
  });
  const recabledPast: RecabledPast = new RecabledPast({
    tree: wholeTree,
    store,
    clock,
    log,
    startedMs,
    rawMs: settings.store.retention.rawMs,
    expectedIntervalMs: (outlet) => energy.expectedIntervalMs(outlet),
    isStoreIdle,
    save: () => detection.saveSoon(),
  });
  const pastScopes = new Set<string>();
  const importing = new Importing({
    store,
    folder: importFolder(options),
    tree: wholeTree,
    clock,
    log,
    rawMs: settings.store.retention.rawMs,
    untilMs: (outlet) => energy.toldUntilMs(outlet),
    late: (outlet, atMs) => energy.late(outlet, atMs),
    imported: () => learnPastScopes(),
  });
  const room: Room = new Room({
    tree,
    rollUp: (tier, row) => firstBuckets.take(tier, row),
    observesFromMs: startedMs,
    observer: detection.observer,
    late: (reading, expectedIntervalMs) => detection.late(reading, expectedIntervalMs),
    energy: energy.observer,
  });
  room.tick(clock.nowMs());
  const intake = new Intake(await familiesWith(settings.mqtt.mappings));
  const live: LiveHub = new LiveHub({ room, clock, log, admit: (request) => api.admitLive(request) });
  const notifiers = makeNotifiers({
    settings,
    room: tree,
    containersOf: (scope) => alerting.containersOf(scope),
    view: room,
    brokerUrl: () => brokerUrl,
    httpUrl: () => httpUrl,
    folder: storePlace(settings.store, demo).folder,
    clock,
    log,
  });
  const energyOf = (question: EnergyQuestion, asked: AskedStore = store) =>
    askEnergy(asked, question, {
      tariff: prices.tariff,
      carbon: prices.carbon,
      minutesKeptMs: settings.store.retention.minuteMs,
      openMinute: (scope, nowMs) => room.openMinute(scope, nowMs),
    });
  const alerting: Alerting = new Alerting({
    tree,
    room,
    settings: settings.alerts,
    store,
    clock,
    log,
    energy: energyOf,
    currency: terms.tariff?.currency,
    idle: () => detection.idle(),
    service: () => serviceState(source.status(), recorder.status, settings.store.backlog.bytesMax),
    record: (event) => recorder.recordEvents([event]),
    show: (event) => live.event(event),
    teller: notifiers,
    save: () => detection.saveSoon(),
  });
  await Promise.all([detection.start(), importing.start()]);

  // ── the road ──
  const sink: IntakeSink = {
    reading(reading, family) {
      readings += 1;
      room.apply(reading, family.expectedIntervalMs);
      if (reading.retained) return;
      recorder.record(reading);
      if (reading.receivedAtMs - reading.atMs > settings.store.retention.rawMs) importing.old(reading);
    },
    availability(device, online, atMs) {
      room.setOnline(device, online, atMs);
      alerting.availability(device, online);
    },
    describe() {},
    subscribe: (filter) => source.subscribe([filter]),
    publish: (topic, payload) => source.publish(topic, payload),
  };
  const road = new Road({
    intake: {
      accept: (message, to) => factors.take(message) || intake.accept(message, to),
      isOfOneOutlet: (topic) => intake.isOfOneOutlet(topic),
    },
    sink,
    handedOn: (sequence) => recorder.mark(sequence),
    log,
  });

  // ── who looks at it ──
  const answers = new DetectionAnswers({ tree, room, store, detection, pastScopes: () => pastScopes });
  const api: Api = createApi({
    room,
    names: { name: tree.name, timezone: tree.timezone, demo },
    tree: () => treeAnswer(tree, room, demo),
    devices: () => deviceRows(intake, room),
    ready: () => readyAnswer(source.status(), store.kind, recorder.status, road),
    ...(store.kind === 'influx' && { pingStore: () => recorder.feelStore() }),
    history: (question, signal) =>
      askHistory(storeUntil(store, signal), { ...question, ...historyContext(question.scope) }),
    energy: (question, signal) => energyOf(question, storeUntil(store, signal)),
    prices,
    export: ({ scopes, isAll, ...question }, signal) =>
      exportCsv(storeUntil(store, signal), {
        ...question,
        scopes: isAll ? [...pastScopes] : scopes,
        outlets: isAll
          ? undefined
          : scopes.flatMap((scope) => outletsIn(scope, tree, room.unclaimedOutlets())),
      }),
    pastScopes: () => pastScopes,
    isRemaking: (scope, fromMs, toMs) => recabledPast.isWaiting(scope, fromMs, toMs),
    importing,
    starts: (request) => answers.starts(request),
    start: (id) => answers.start(id),
    idle: (scope) => answers.idle(scope),
    sag: () => answers.sag(),
    notifiers: () => notifierRows(notifiers),
    alerting: alerting.answers,
    counts: () => ({
      messages: intake.totals().messages,
      readings,
      rejected: intake.totals().rejected,
      ring: { waiting: road.waiting, dropped: road.dropped },
      broker: { ready: source.status().ready, droppedByBroker: source.status().droppedByBroker },
      store: recorder.status,
      energy: energy.counts,
      factors: { ...factors.counts, outcomes: factors.outcomes },
      startsDropped: detection.startsDropped,
      live: live.status(),
      notifiers: notifierRows(notifiers),
      alerts: alerting.counts,
      scopes: room.scopeCount,
      watts: wattsByScope(room),
    }),
    access: settings.access,
    http: settings.http,
    auditFile: join(storePlace(settings.store, demo).folder, 'audit.jsonl'),
    webRoot: options.webRoot ?? join(import.meta.dirname, '../dist/web'),
    clock,
    log,
  });
  const historyContext = (scope: string) => ({
    outlet: soleOutlet(scope, tree),
    outlets: () => outletsIn(scope, tree, room.unclaimedOutlets()),
    nowMs: clock.nowMs(),
    openMinute: room.openMinute(scope, clock.nowMs()),
    retention: settings.store.retention,
  });
  live.attach(api.server);

  // ── and off it goes ──
  const filters = [
    ...(settings.mqtt.topics === 'auto' ? intake.filters : settings.mqtt.topics),
    ...factors.topics,
  ];
  const { source, url: brokerUrl } = await startSource(options, receipts, filters, {
    message: (message) => road.take(message),
    changed: (status) => log[status.problem === undefined ? 'info' : 'warn'](brokerNews(status)),
  });
  const httpUrl = await api.listen(settings.http).catch(async (error: unknown) => {
    // Nothing may be left behind that keeps a process alive which could not start.
    await Promise.all([source.stop(), kept.close()]);
    throw error;
  });
  await notifiers.start();
  const meters = simulated === undefined ? undefined : connectSimulatedRoom(simulated, brokerUrl, options);
  const learnPastScopes = async () => {
    for (const scope of await store.knownScopes()) pastScopes.add(scope);
  };
  const newestDayThere = () => seedToday(room, store, startedMs);
  const firstContact = inSteps([
    learnPastScopes,
    () => detection.takeUpPast(),
    () => alerting.takeUpPast(),
    async () => notifiers.agreeWith(alerting.firing()),
    async () =>
      simulated === undefined
        ? newestDayThere()
        : fillDemoPast({
            room: simulated,
            store,
            clock,
            log,
            days: options.demoPastDays,
            newestDayThere,
            stopping: () => stopping,
          }),
  ]);
  const recable = (cabled: PowerTree, atMs: number) => {
    detection.recable(cabled);
    room.recable(cabled, atMs);
    alerting.recable(cabled);
  };
  const tick = () => {
    for (; clock.nowMs() >= recablingMs; recablingMs = nextRecabling(wholeTree, recablingMs))
      recable(treeAt(wholeTree, recablingMs), recablingMs);
    room.tick(clock.nowMs());
    road.tick(clock.nowMs());
    intake.tick(clock.nowMs(), sink);
    detection.tick(clock.nowMs());
    energy.tick(clock.nowMs());
    recabledPast.tick(clock.nowMs());
    alerting.tick(clock.nowMs());
    importing.tick(clock.nowMs());
    factors.tick(clock.nowMs());
    if (!recorder.status.storeOk || stopping) return;
    // What the run before could not bring to the store belongs to the past as well.
    if (recorder.status.backlog.bytes > 0 && clock.nowMs() - startedMs < pastWaitMsMax) return;
    firstContact()?.catch((error: unknown) =>
      log.warn({ err: error }, 'the past could not be read from the store; tried again'),
    );
  };
  const stopTicking = clock.every(tickMs, tick);
  void recorder.start().then(tick);

  return {
    httpUrl,
    brokerUrl,
    counts: () => ({
      messages: intake.totals().messages,
      readings,
      dropped: road.dropped.repeats + road.dropped.newest,
      store: recorder.status,
      energy: energy.counts,
    }),
    setTokens: (tokens) => api.setTokens(tokens),
    async stop() {
      stopping = true;
      stopTicking();
      // Each of these waits for others at most as long as the slowest, api: 2 s.
      await Promise.all([
        meters?.stop(),
        live.stop(),
        notifiers.stop(),
        importing.stop(),
        api.stop(),
        // What waits to be booked again goes into the last checkpoint.
        energy.stop(),
        recabledPast.stop(),
      ]);
      road.finish();
      room.closeBuckets(clock.nowMs());
      await detection.stop(clock.nowMs());
      await firstBuckets.settled(joinMsMax);
      const left = await recorder.stop(flushMsMax);
      if (left > 0)
        log.error(`${left} readings could be made durable neither in the store nor in the backlog`);
      await source.stop();
      await factors.close();
      await kept.close();
    },
  };
}

/** What was drawn today before this start, from the store's minutes. */
async function seedToday(room: Room, store: Store, startedMs: number): Promise<void> {
  const midnightMs = startOfLocalDay(startedMs, room.timezone);
  if (startedMs > midnightMs) room.seedToday(await store.energyByScope('minute', midnightMs, startedMs));
}
