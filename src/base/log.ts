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
  return pino(
    { level, base: null },
    pretty({
      colorize: true,
      ignore: 'pid,hostname',
      translateTime: 'SYS:HH:MM:ss',
      destination: stream.fd,
      sync: true,
    }),
  );
}
