import type { CDPSession } from 'playwright-core';

interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly (string | readonly string[])[];
    };
  };
  /** All nodes one behind the other, each as many numbers as there are fields. */
  readonly nodes: readonly number[];
}

export interface PageHeap {
  /** After collections; with what has become garbage since, and the code that the browser compiled. */
  readonly bytes: number;
  /** What scripts keep alive: objects, texts, numbers. */
  readonly dataBytes: number;
}

/** Neither is data: what the browser compiles, and what it keeps for itself, such as its record of requests. */
const notData = ['code', 'native', 'synthetic', 'hidden', 'object shape'];

export async function measureHeap(session: CDPSession): Promise<PageHeap> {
  const dataBytes = dataBytesOf(await takeSnapshot(session));
  const seen: number[] = [];
  // A frame that comes between a collection and the look at it leaves half a megabyte.
  for (let i = 0; i < 3; i += 1) {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    seen.push(metrics.find(({ name }) => name === 'JSHeapUsedSize')!.value);
  }
  return { bytes: Math.min(...seen), dataBytes };
}

async function takeSnapshot(session: CDPSession): Promise<HeapSnapshot> {
  const chunks: string[] = [];
  const take = ({ chunk }: { chunk: string }) => chunks.push(chunk);
  session.on('HeapProfiler.addHeapSnapshotChunk', take);
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  session.off('HeapProfiler.addHeapSnapshotChunk', take);
  return JSON.parse(chunks.join('')) as HeapSnapshot;
}

function dataBytesOf({ snapshot: { meta }, nodes }: HeapSnapshot): number {
  const typeAt = meta.node_fields.indexOf('type');
  const sizeAt = meta.node_fields.indexOf('self_size');
  const isData = [...meta.node_types[typeAt]!].map((type) => !notData.includes(type));
  let bytes = 0;
  for (let at = 0; at < nodes.length; at += meta.node_fields.length)
    if (isData[nodes[at + typeAt]!]) bytes += nodes[at + sizeAt]!;
  return bytes;
}
