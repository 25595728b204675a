import type { Readable } from 'node:stream';
import { KubeError } from './errors.ts';

/** The body of an answer that has no planned end. */
export interface KubeStream {
  /**
   * The bytes as they came, once. Who does not ask for the next chunk stops the sender: only what fits into the
   * buffers of the socket (some hundred KB) is taken. Ends when the server ends the answer.
   *
   * @throws KubeError `silent`, `unreachable` (cut short) or `aborted` (by the signal or by `close`)
   */
  readonly chunks: AsyncIterable<Buffer>;
  /** Drops the connection at once. A stream that was closed never looks like one that ended. */
  close(): void;
}

/**
 * @param idleMs how long a reader waits for a chunk. Time that the reader takes for itself does not count, which is
 *   why a timeout of the socket does not do: while a reader is busy it goes on unless the buffers are full.
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

async function* read(body: Readable, idleMs: number, explain: (error: unknown) => KubeError): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer, void> = body[Symbol.asyncIterator]();
  const giveUp = () => body.destroy(new KubeError('silent', `The stream was silent for ${idleMs / 1_000} s.`));
  try {
    for (;;) {
      const timer = setTimeout(giveUp, idleMs);
      const chunk = await chunks.next().finally(() => clearTimeout(timer));
      if (chunk.done) return;
      yield chunk.value;
    }
  } catch (error) {
    throw explain(error);
  } finally {
    body.destroy();
  }
}
