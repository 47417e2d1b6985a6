import { readFileSync } from 'node:fs';

/** CPU of another process so far, user and system, µs (Linux, proc(5): 12th and 13th field after the name, in ticks of 10 ms). */
export function cpuMicrosOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
