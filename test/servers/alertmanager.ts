import { z } from 'zod';
import { startHookServer } from './hook-server.ts';

/**
 * What Alertmanager's API v2 accepts of `POST /api/v2/alerts` (its openapi.yaml: postableAlerts), with what its handler
 * checks beyond the schema: label names, UTF-8, no empty label, an end that is not before the start.
 */
const labelSet = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().min(1));

const postableAlert = z
  .strictObject({
    labels: labelSet.refine((labels) => Object.keys(labels).length > 0),
    annotations: labelSet.optional(),
    generatorURL: z.url().optional(),
    startsAt: z.iso.datetime({ offset: true }).optional(),
    endsAt: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(({ startsAt, endsAt }) => !startsAt || !endsAt || Date.parse(endsAt) >= Date.parse(startsAt), {
    message: 'start time must be before end time',
  });

const postableAlerts = z.array(postableAlert);
export type PostedAlert = z.output<typeof postableAlert>;

export interface AlertmanagerStandIn {
  readonly url: string;
  /** Every alert taken, list by list. */
  readonly posts: readonly PostedAlert[][];
  /** What was refused. */
  readonly refused: readonly string[];
  /** By labels: those whose newest end is after `atMs`. */
  firingAt(atMs: number): PostedAlert[];
  stop(): Promise<void>;
}

export async function startAlertmanager(prefix = ''): Promise<AlertmanagerStandIn> {
  const server = await startHookServer();
  const posts: PostedAlert[][] = [];
  const refused: string[] = [];
  const byLabels = new Map<string, PostedAlert>();
  server.answer((response, { method, path, headers, body }) => {
    if (method !== 'POST' || path !== `${prefix}/api/v2/alerts`) return void response.writeHead(404).end();
    const read = postableAlerts.safeParse(body);
    if (!read.success || headers['content-type'] !== 'application/json') {
      refused.push(read.success ? String(headers['content-type']) : z.prettifyError(read.error));
      return void response.writeHead(400).end(JSON.stringify(refused.at(-1)));
    }
    posts.push(read.data);
    for (const alert of read.data) byLabels.set(JSON.stringify(Object.entries(alert.labels).sort()), alert);
    response.writeHead(200).end();
  });
  return {
    url: `${server.url}${prefix}`,
    posts,
    refused,
    firingAt: (atMs) =>
      [...byLabels.values()].filter(({ endsAt }) => endsAt === undefined || Date.parse(endsAt) > atMs),
    stop: () => server.stop(),
  };
}
