import type { Writable } from 'node:stream';

/**
 * Resolves when all that was written to `stream` is with the system, or cannot be. Who calls process.exit before that
 * drops what a slow reader of a pipe has not taken yet: a pipe holds 64 KiB.
 */
export async function flushed(stream: Writable): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.write('', () => resolve());
  });
}
