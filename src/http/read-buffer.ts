import type { OnReadOpts } from 'node:net';

/**
 * What connections read into, all of them: what was read is used up before anybody reads again. Of as many bytes as
 * Node.js reads at once without it; four times as many make a busy watch, and its sink, 8 % dearer. Under TLS they are
 * decrypted into it, 16 KB at a time.
 */
export const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

let last = READ_BUFFER;

/** The option of a socket that calls `received` with what was read. The bytes change after the call. */
export function readingWith(received: (bytes: Buffer) => void): OnReadOpts {
  return {
    buffer: READ_BUFFER,
    callback: (length) => {
      // Answers of one sink are mostly of one length, and a view of the memory costs as much as to understand them.
      if (last.length !== length) last = READ_BUFFER.subarray(0, length);
      received(last);
      return true;
    },
  };
}
