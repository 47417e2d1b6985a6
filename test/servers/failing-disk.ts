import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A disk of its own that can fail as real ones do: the kernel makes it read-only, with all that is open on it. */
export interface FailingDisk {
  readonly folder: string;
  fail(): void;
  /** Nothing may be open on it. What an admin does: take it off, check it, and mount it again. */
  repair(): void;
  remove(): void;
}

/** ext4 in a file; undefined where this user may not mount one. */
export function makeFailingDisk(megabytes = 32): FailingDisk | undefined {
  const base = mkdtempSync(join(tmpdir(), 'rackwatt-failing-disk-'));
  const image = join(base, 'image');
  const folder = join(base, 'mounted');
  const mount = () => run('mount', '-o', 'loop,errors=remount-ro', image, folder);
  const device = () => basename(run('findmnt', '-no', 'SOURCE', folder).trim());
  const remove = () => rmSync(base, { recursive: true, force: true });
  try {
    mkdirSync(folder);
    writeFileSync(image, '');
    truncateSync(image, megabytes * 2 ** 20);
    run('mkfs.ext4', '-q', image);
    mount();
  } catch {
    remove();
    return undefined;
  }
  return {
    folder,
    fail: () => writeFileSync(`/sys/fs/ext4/${device()}/trigger_fs_error`, 'tried by a test\n'),
    repair() {
      run('umount', folder);
      // Its exit code says that it has mended something.
      run('sh', '-c', 'fsck.ext4 -p "$0" || [ $? -eq 1 ]', image);
      mount();
    },
    remove() {
      run('umount', '--lazy', folder);
      remove();
    },
  };
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
