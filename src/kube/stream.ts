import type { Readable } from 'node:stream';
import { KubeError } from './errors.ts';

/** The body of an answer that has no planned end. */
export interface KubeStream {
  /**
   * The bytes in pieces as they came, once, and each time all that came since. Who does not ask for more stops the
   * sender: only what fits into the buffers of the socket (some hundred KB) is taken. Ends when the server ends the
   * answer.
   *
   * @throws KubeError `silent`, `unreachable` (cut short) or `aborted` (by the signal or by `close`)
   */
  readonly chunks: AsyncIterable<readonly Buffer[]>;
  /** Drops the connection at once. A stream that was closed never looks like one that ended. */
  close(): void;
}

/** So much is taken before its reader asks for it, about what one read from a socket brings. */
const MOST_AHEAD_BYTES = 64 * 1024;

/**
 * @param idleMs how long a reader waits for a piece. Time that the reader takes for itself does not count, which is
 *   why a time-out of the socket does not do: while a reader is busy it goes on unless the buffers are full.
 * @param explain turns an error of the connection into ours
 */
export function openStream(body: Readable, idleMs: number, explain: (error: unknown) => KubeError): KubeStream {
  // What happens while nobody reads is thrown at the next read; without a listener it would end the process.
  body.on('error', () => {});
  return {
    chunks: read(body, idleMs, explain),
    close: () => void body.destroy(new KubeError('aborted', 'The stream was closed.')),
  };
}

/** By events, since a Readable that is iterated makes one piece of all that it has: a copy of every byte. */
async function* read(
  body: Readable,
  idleMs: number,
  explain: (error: unknown) => KubeError,
): AsyncGenerator<readonly Buffer[]> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let wake = (): void => {};
  body.on('data', (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= MOST_AHEAD_BYTES) body.pause();
    wake();
  });
  for (const event of ['end', 'error', 'close']) body.once(event, () => wake());
  const giveUp = (): void => {
    body.destroy(new KubeError('silent', `The stream was silent for ${idleMs / 1_000} s.`));
  };
  try {
    for (;;) {
      if (pieces.length > 0) {
        const taken = pieces;
        pieces = [];
        bytes = 0;
        yield taken;
        if (body.isPaused()) body.resume();
      } else if (body.readableEnded) return;
      else if (body.destroyed) throw explain(body.errored ?? new Error('premature close'));
      else {
        const timer = setTimeout(giveUp, idleMs);
        await new Promise<void>((resolve) => (wake = resolve));
        clearTimeout(timer);
      }
    }
  } finally {
    body.destroy();
  }
}
