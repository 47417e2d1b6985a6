import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of a few MB that can be filled to the last byte. */
export interface SmallDisk {
  readonly folder: string;
  /** False: this user may not mount, it is an ordinary folder, and cannot be filled. */
  readonly mounted: boolean;
  fill(): void;
  free(): void;
  /** As an admin does it: what is open stays writable, nothing more can be opened for writing. */
  makeReadOnly(): void;
  makeWritable(): void;
  remove(): void;
}

/** A tmpfs where this user may mount one. */
export function makeSmallDisk(megabytes = 48): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-chaos-disk-'));
  const mounted = mount(folder, megabytes);
  const ballast = join(folder, 'ballast');
  let turnedOver = false;
  return {
    folder,
    mounted,
    fill() {
      if (mounted) fillUp(folder, ballast);
    },
    free: () => rmSync(ballast, { force: true }),
    makeReadOnly() {
      if (!mounted) return;
      // Over itself, since a disk with files open for writing cannot be turned over.
      execFileSync('mount', ['--bind', folder, folder]);
      execFileSync('mount', ['-o', 'remount,bind,ro', folder]);
      turnedOver = true;
    },
    makeWritable() {
      if (turnedOver) execFileSync('umount', ['--lazy', folder]);
      turnedOver = false;
    },
    remove() {
      this.makeWritable();
      if (mounted) execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mount(folder: string, megabytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Others write meanwhile: tried until nothing is left. */
function fillUp(folder: string, ballast: string): void {
  for (let i = 0; i < 20; i += 1) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail === 0) return;
    try {
      writeFileSync(ballast, Buffer.alloc(bavail * bsize), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
