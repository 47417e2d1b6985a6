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

/** Bytes of the page's heap after collections, all in all and of these what is compiled code. */
export interface PageHeap {
  readonly bytes: number;
  readonly compiledBytes: number;
}

export async function measureHeap(session: CDPSession): Promise<PageHeap> {
  const compiledBytes = compiledBytesOf(await takeSnapshot(session));
  const seen: number[] = [];
  // A frame that comes between a collection and the look at it leaves half a megabyte.
  for (let i = 0; i < 3; i += 1) {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    seen.push(metrics.find(({ name }) => name === 'JSHeapUsedSize')!.value);
  }
  return { bytes: Math.min(...seen), compiledBytes };
}

async function takeSnapshot(session: CDPSession): Promise<HeapSnapshot> {
  const chunks: string[] = [];
  const take = ({ chunk }: { chunk: string }) => chunks.push(chunk);
  session.on('HeapProfiler.addHeapSnapshotChunk', take);
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  session.off('HeapProfiler.addHeapSnapshotChunk', take);
  return JSON.parse(chunks.join('')) as HeapSnapshot;
}

function compiledBytesOf({ snapshot: { meta }, nodes }: HeapSnapshot): number {
  const typeAt = meta.node_fields.indexOf('type');
  const sizeAt = meta.node_fields.indexOf('self_size');
  const compiled = meta.node_types[typeAt]!.indexOf('code');
  if (compiled < 0) throw new Error('The snapshot of the heap does not tell what is code.');
  let bytes = 0;
  for (let at = 0; at < nodes.length; at += meta.node_fields.length)
    if (nodes[at + typeAt] === compiled) bytes += nodes[at + sizeAt]!;
  return bytes;
}
