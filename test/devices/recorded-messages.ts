import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawMessage } from '../../src/model/reading.ts';

export const recordedFolder = join(import.meta.dirname, 'recorded');

/** `tasmota/nous-a5t_12.5.0`, … */
export function recordedFolders(): string[] {
  const inside = (folder: string) =>
    readdirSync(join(recordedFolder, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  return inside('').flatMap((family) => inside(family).map((device) => `${family}/${device}`));
}

export function recordedMessages(folder: string): RawMessage[] {
  const lines = readFileSync(join(recordedFolder, folder, 'messages.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line, index) => {
    const { topic, payload, payloadBase64, retained, receivedAtMs } = JSON.parse(line) as {
      topic: string;
      payload?: string;
      payloadBase64?: string;
      retained?: boolean;
      receivedAtMs: number;
    };
    return {
      topic,
      payload: payload === undefined ? Buffer.from(payloadBase64 ?? '', 'base64') : Buffer.from(payload),
      receivedAtMs,
      retained: retained === true,
      qos: 1,
      sequence: index,
    };
  });
}
