import type { RawMessage } from '../../model/reading.ts';
import type { Family, FamilySession, Report, TopicReader } from '../family.ts';
import { Known } from '../known.ts';
import { trustedMs } from '../measured-time.ts';
import { dataTypes } from '../sparkplug-metric.ts';
import { type MetricSlot, SparkplugEdge, SparkplugNode } from '../sparkplug-node.ts';
import { SparkplugPayload } from '../sparkplug-payload.ts';
import { RebirthRequests } from '../sparkplug-rebirth.ts';

/**
 * Eclipse Sparkplug B: gateways and PLCs that announce their metrics in births and send aliases from then on.
 * Spec: sparkplug.eclipse.org, version 3.0.
 */
export const family: Family = {
  name: 'sparkplug-b',
  topics: [
    ...['NBIRTH', 'NDATA', 'NDEATH'].map((type) => `spBv1.0/+/${type}/+`),
    ...['DBIRTH', 'DDATA', 'DDEATH'].map((type) => `spBv1.0/+/${type}/+/+`),
  ],
  // By the topic alone, and before those who know a topic by its end.
  rank: 5,
  expectedIntervalMs: 300_000,
  open: () => new SparkplugSession(),
};

const edgesMax = 5_000;
const nodesMax = 20_000;
/** Names and aliases of all nodes together. */
const metricsMax = 400_000;

class SparkplugSession implements FamilySession {
  readonly #edges = new Known(edgesMax, (key) => new SparkplugEdge(...(key.split('/') as [string, string])));
  readonly #nodes = new Known(nodesMax, (device) => new SparkplugNode(device));
  readonly #rebirths = new RebirthRequests();
  readonly #payload = new SparkplugPayload();
  #metrics = 0;

  claim(topic: string): TopicReader | undefined {
    const [root, group, type, edgeId, deviceId, ...more] = topic.split('/');
    if (root !== 'spBv1.0') return undefined;
    if (group === 'STATE' || type === 'NCMD' || type === 'DCMD') {
      return (_, report) => report.ignore('no-reading-by-design');
    }
    const named = group !== undefined && edgeId !== undefined && deviceId !== '' && more.length === 0;
    if (!named || group === '' || edgeId === '') return undefined;
    const edge = this.#edges.get(`${group}/${edgeId}`);
    const node = deviceId === undefined ? edge.own : this.#nodeOf(edge, deviceId);
    switch (`${type}${deviceId === undefined ? '' : '/'}`) {
      case 'NBIRTH':
      case 'DBIRTH/':
        return (message, report) => this.#birth(edge, node, message, report);
      case 'NDATA':
      case 'DDATA/':
        return (message, report) => this.#data(edge, node, message, report);
      case 'NDEATH':
        return (message, report) => this.#nodeDeath(edge, message, report);
      case 'DDEATH/':
        return (message, report) => this.#deviceDeath(edge, node, message, report);
      default:
        return undefined;
    }
  }

  #nodeOf(edge: SparkplugEdge, deviceId: string): SparkplugNode {
    const device = `${edge.group}/${edge.edge}/${deviceId}`;
    const isNew = !this.#nodes.has(device);
    const node = this.#nodes.get(device);
    if (isNew && this.#nodes.has(device)) edge.nodes.push(node);
    return node;
  }

  /** Names, aliases, types and units, and at once the first values. */
  #birth(edge: SparkplugEdge, node: SparkplugNode, message: RawMessage, report: Report): void {
    const payload = this.#opened(node, message, report);
    if (payload === undefined) return;
    const isNode = node === edge.own;
    if (isNode) this.#beginBirth(edge, message, report);
    else this.#follow(edge, message, report);
    this.#metrics -= node.metrics;
    const slots = node.learn(() => payload.next(), metricsMax - this.#metrics, report);
    this.#metrics += node.metrics;
    payload.open(message.payload);
    if (node.metered) report.availability(node.device, true);
    else report.ignore('not-a-meter');
    this.#read(edge, node, message, report, slots);
  }

  /** A node that is born anew has told nothing yet of its devices. */
  #beginBirth(edge: SparkplugEdge, message: RawMessage, report: Report): void {
    edge.seq = message.retained ? -1 : this.#payload.seq;
    edge.wait.waitMs = afterBirthMs;
    edge.birthNumber = this.#birthNumber();
    this.#payload.open(message.payload);
    for (const node of edge.nodes) {
      this.#metrics -= node.metrics;
      node.forget();
    }
    report.ignore('birth');
  }

  #data(edge: SparkplugEdge, node: SparkplugNode, message: RawMessage, report: Report): void {
    if (this.#opened(node, message, report) === undefined) return;
    this.#follow(edge, message, report);
    if (!node.born) {
      this.#askForBirth(edge, message, report);
      report.ignore('birth-awaited');
      return;
    }
    this.#read(edge, node, message, report);
    report.ignore('not-a-meter');
  }

  /** The will of a node. That of an earlier connection may come after the next birth: it says nothing any more. */
  #nodeDeath(edge: SparkplugEdge, message: RawMessage, report: Report): void {
    if (this.#opened(edge.own, message, report) === undefined) return;
    const number = this.#birthNumber();
    if (number >= 0 && edge.birthNumber >= 0 && number !== edge.birthNumber) {
      report.ignore('death-of-an-earlier-birth');
      return;
    }
    edge.seq = -1;
    for (const node of [edge.own, ...edge.nodes]) this.#die(node, report);
    report.ignore('death');
  }

  #deviceDeath(edge: SparkplugEdge, node: SparkplugNode, message: RawMessage, report: Report): void {
    if (this.#opened(node, message, report) === undefined) return;
    this.#follow(edge, message, report);
    this.#die(node, report);
    report.ignore('death');
  }

  #die(node: SparkplugNode, report: Report): void {
    if (node.metered) report.availability(node.device, false);
    this.#metrics -= node.metrics;
    node.forget();
  }

  #opened(node: SparkplugNode, message: RawMessage, report: Report): SparkplugPayload | undefined {
    if (this.#payload.open(message.payload)) return this.#payload;
    report.rejectMessage(node.device, 'wrong-shape');
    return undefined;
  }

  #birthNumber(): number {
    for (let metric = this.#payload.next(); metric !== undefined; metric = this.#payload.next()) {
      const value =
        metric?.nameLength === 5 && metric.name === 'bdSeq' ? metric.valueAs(dataTypes.uint64) : undefined;
      if (typeof value === 'number') return value;
    }
    return -1;
  }

  /** `seq` counts all messages of a node, 0–255 round and round; a gap means that something was lost. */
  #follow(edge: SparkplugEdge, message: RawMessage, report: Report): void {
    const { seq } = this.#payload;
    if (message.retained || seq < 0) return;
    const isNext = edge.seq < 0 || seq === edge.seq || seq === ((edge.seq + 1) & 255);
    edge.seq = seq;
    if (!isNext) this.#askForBirth(edge, message, report);
  }

  #askForBirth(edge: SparkplugEdge, message: RawMessage, report: Report): void {
    if (message.retained) return;
    this.#rebirths.ask(edge.group, edge.edge, edge.wait, message.receivedAtMs, report);
  }

  /** `slots`: where the metrics go one after another, as far as a birth has just told. */
  #read(
    edge: SparkplugEdge,
    node: SparkplugNode,
    message: RawMessage,
    report: Report,
    slots?: readonly (MetricSlot | null)[],
  ): void {
    const payload = this.#payload;
    let strangers = false;
    let stampMs = -1;
    let atMs: number | undefined;
    let index = 0;
    for (let metric = payload.next(); metric !== undefined; metric = payload.next(), index++) {
      if (metric === null) {
        report.rejectField(node.device, 'wrong-shape');
        continue;
      }
      const slot = slots === undefined ? node.find(metric) : slots[index];
      strangers ||= slot === undefined;
      if (!slot) continue;
      const toldMs = metric.timestampMs > 0 ? metric.timestampMs : payload.timestampMs;
      if (toldMs !== stampMs) {
        stampMs = toldMs;
        atMs = trustedMs(toldMs, message.receivedAtMs);
      }
      // What was kept back while there was no connection belongs to its own time, or nowhere.
      if (metric.isHistorical && atMs === undefined) report.ignore('historical-without-a-time');
      else node.take(slot, metric, atMs, message, report);
    }
    node.finish(report);
    if (strangers && !node.overfull) this.#askForBirth(edge, message, report);
  }
}

/** A node that has just been born is not asked again at once, however many messages get lost. */
const afterBirthMs = 60_000;
