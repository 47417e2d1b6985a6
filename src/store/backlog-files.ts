import { type FileHandle, open } from 'node:fs/promises';

export async function writeAll(
  file: FileHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const bytes = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const { bytesWritten } = await file.writev(buffers, position);
  if (bytesWritten === bytes) return;
  // A disk that is nearly full takes a part; trying the rest brings the error that says so.
  const rest = Buffer.concat(buffers).subarray(bytesWritten);
  for (let done = 0; done < rest.length; ) {
    const more = await file.write(rest, done, rest.length - done, position + bytesWritten + done);
    if (more.bytesWritten === 0) throw new Error('the disk takes nothing more');
    done += more.bytesWritten;
  }
}

export async function readPart(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** A new file is only there after a power cut when its folder was synced as well. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
