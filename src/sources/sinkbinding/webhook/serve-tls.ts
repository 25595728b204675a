import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../process/clock.ts';
import type { Log } from '../../../process/log.ts';
import { ListenError, type Listening } from '../../../process/serve.ts';
import { type KeyPair, readPair } from './certificates.ts';

/** kubelet brings a new certificate within a minute or two, and it is signed ten days before the old one ends. */
const LOOK_EVERY_MS = 30_000;
const FIRST_LOOKS_EVERY_MS = 1_000;
/**
 * API servers keep idle connections for 90 s (Go's http.DefaultTransport), and send no review again that meets a closing
 * one: they are to be the first to close.
 */
const KEEP_ALIVE_MS = 120_000;
/** At the end: no API server waits longer for an answer. */
const LAST_ANSWERS_MS = 2_000;

export interface TlsIo {
  readonly clock: Clock;
  readonly log: Log;
  /** The certificate as it is now; rejects where there is none yet. */
  readonly read: () => Promise<KeyPair>;
}

/**
 * Listens with a certificate that others renew: waits for the first one, and takes each new one for the connections
 * that come after it. From when `signal` is aborted until it is closed, each answer is the last one of its connection.
 * Undefined: `signal` was aborted first.
 *
 * @throws ListenError
 */
export async function serveTls(
  { port, handler }: { readonly port: number; readonly handler: RequestListener },
  io: TlsIo,
  signal: AbortSignal,
): Promise<Listening | undefined> {
  let pair = await firstPair(io, signal);
  if (pair === undefined) return undefined;
  const limits = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = createServer({ ...pair, ...limits, minVersion: 'TLSv1.3' }, (request, response) => {
    // Whoever asks on goes to another replica, before this one closes its connections.
    if (signal.aborted) response.shouldKeepAlive = false;
    handler(request, response);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => {
    reject(new ListenError(`Port ${port} cannot be used for the webhook: ${error.message}.`, { cause: error }));
  });
  server.listen(port, resolve);
  await promise;
  // A client that breaks off in the middle is its own affair.
  server.on('tlsClientError', () => undefined);

  const renew = async (): Promise<void> => {
    for (;;) {
      await io.clock.sleep(LOOK_EVERY_MS, signal);
      if (signal.aborted) return;
      const next = await readPairOf(io);
      if (next === undefined || next.cert === pair?.cert) continue;
      pair = next;
      server.setSecureContext({ ...next, minVersion: 'TLSv1.3' });
      io.log.info(
        { until: new Date(readPair(next.cert, next.key)?.validTo ?? 0).toISOString() },
        'certificate renewed',
      );
    }
  };
  void renew();
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeIdleConnections();
      const answered = new AbortController();
      // Nobody waits for a connection that never asked anything.
      await Promise.race([closed.promise, io.clock.sleep(LAST_ANSWERS_MS, answered.signal)]);
      answered.abort();
      server.closeAllConnections();
    },
  };
}

async function firstPair(io: TlsIo, signal: AbortSignal): Promise<KeyPair | undefined> {
  for (let told = false; !signal.aborted; told = true) {
    const pair = await readPairOf(io, !told);
    if (pair !== undefined) return pair;
    await io.clock.sleep(FIRST_LOOKS_EVERY_MS, signal);
  }
  return undefined;
}

/** Undefined: it cannot be used, which may be so for a moment, while one file is new and the other is not. */
async function readPairOf({ read, log }: TlsIo, isTold = true): Promise<KeyPair | undefined> {
  let detail = 'the certificate and its key do not belong together';
  try {
    const pair = await read();
    if (readPair(pair.cert, pair.key) !== undefined) return pair;
  } catch (error) {
    detail = error instanceof Error ? error.message : String(error);
  }
  if (isTold) log.warn({ detail }, 'certificate of the webhook cannot be used yet');
  return undefined;
}
