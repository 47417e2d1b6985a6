import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type Log = Logger;

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** JSON lines on stderr for machines; readable lines when a person is watching (a terminal). */
export function makeLog(
  level: LogLevel,
  stream: { readonly fd: number; readonly isTTY?: boolean } = process.stderr,
): Log {
  if (!stream.isTTY) return pino({ level, base: null }, pino.destination({ fd: stream.fd, sync: true }));
  const lines = pretty({
    colorize: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    destination: stream.fd,
    sync: true,
    // One line of the log is one line, whatever a name brings along.
    messageFormat: (line, key) => inOneLine(line[key]),
    customPrettifiers: { name: inOneLine },
  });
  return pino({ level, base: null }, { write: (line: string) => void lines.write(inert(line)) });
}

function inOneLine(value: unknown): string {
  return String(value ?? '').replaceAll('\n', '\\n');
}

/**
 * A line of JSON whose strings, once read, hold no control characters but line feeds and tabs, and none that turn the
 * direction of writing: names from outside must not steer the terminal. They are shown as they would be written in JSON.
 */
function inert(line: string): string {
  return line
    .replace(/\\(?:u00[01][0-9a-f]|["\\/bfnrt])/gi, (pair) => (shown.test(pair) ? `\\${pair}` : pair))
    .replace(steering, (char) => `\\\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const shown = /^\\(?:u|[bfr])/;
/** DEL, C1, marks and overrides of direction, line separators. */
const steering = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
