import { addAbortListener } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request as requestPlainly } from 'node:http';
import { Agent as SecureAgent, request as requestSecurely } from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { Transport } from './access.ts';
import { ADDRESS_TIMEOUT_MS } from '../http/open-socket.ts';
import { READ_BUFFER } from '../http/read-buffer.ts';
import { readingInto } from './read-buffer.ts';
import { createUnderway, type RequestUnderway } from './underway.ts';

export interface HttpRequest {
  /** The server without a path: `https://10.96.0.1`. */
  readonly origin: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** Ends the request, and the body of its answer. */
  readonly signal: AbortSignal;
  /** Until the head of the answer, in milliseconds, once the connection is there. Default: the dispatcher's. */
  readonly headersTimeout?: number;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it comes. Who destroys it before its end drops the connection. */
  readonly body: Readable;
}

/** Sends requests over connections that it keeps. Fails with errors that `failureFromTransport` explains. */
export interface Dispatcher {
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Takes no more requests. Resolves when nothing is under way any more, and the connections are ended. */
  close(): Promise<void>;
  /** Ends all connections and what is under way on them. */
  destroy(): Promise<void>;
}

/** Times in milliseconds. */
export interface DispatcherLimits {
  /** How many connections may be open at once; null: as many as there are requests. */
  readonly connections: number | null;
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  /** Between two pieces of a body; 0: any time. */
  readonly bodyTimeout: number;
  /** How long a connection is kept that nobody uses. */
  readonly keepAliveTimeout: number;
  /** How long a connection is silent before TCP asks whether the other side is there. */
  readonly tcpKeepAlive: number;
}

/**
 * Speaks HTTP/1.1 by node:http, whose parser is a part of Node.js: undici brings one in WebAssembly, and with what that
 * needs of V8 the process takes 17 MB more.
 */
export function createDispatcher(tls: Transport['tls'], limits: DispatcherLimits): Dispatcher {
  const options = {
    keepAlive: true,
    keepAliveMsecs: limits.tcpKeepAlive,
    timeout: limits.keepAliveTimeout,
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
    maxSockets: limits.connections ?? Infinity,
  };
  let plain: Agent | undefined;
  let secure: SecureAgent | undefined;
  const underway = createUnderway(() => {
    plain?.destroy();
    secure?.destroy();
  });

  const open = ({ origin, method, path, headers, body }: HttpRequest): ClientRequest => {
    const { protocol, hostname, port } = new URL(origin);
    const length = body === null ? undefined : { 'content-length': Buffer.byteLength(body) };
    // The URL has an IPv6 address in brackets.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const what = { host, port, method, path, headers: { ...headers, ...length } };
    if (protocol !== 'https:')
      return requestPlainly({ ...what, agent: (plain ??= readingInto(READ_BUFFER, new Agent(options))) });
    // One context for all connections: each would parse the certificates anew.
    secure ??= readingInto(
      READ_BUFFER,
      new SecureAgent({ ...options, ...tls, secureContext: createSecureContext(tls) }),
    );
    return requestSecurely({ ...what, agent: secure });
  };

  return {
    request: async (request) => {
      // In a turn of the event loop it is noticed which of the connections the server has closed.
      await setImmediate();
      underway.assertOpen();
      request.signal.throwIfAborted();
      const outgoing = open(request);
      const exchange = follow(outgoing, request, limits);
      underway.add(exchange);
      outgoing.once('close', () => underway.delete(exchange));
      outgoing.end(request.body ?? undefined);
      return exchange.answer;
    },
    close: () => underway.close(),
    destroy: async () => underway.end(),
  };
}

interface Exchange extends RequestUnderway {
  readonly answer: Promise<HttpAnswer>;
}

/** A request that waited for its connection is not told that others have used it (`reusedSocket`). */
const connected = new WeakSet<Socket>();

function follow(outgoing: ClientRequest, { signal, headersTimeout }: HttpRequest, limits: DispatcherLimits): Exchange {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  let incoming: IncomingMessage | undefined;
  let timer: NodeJS.Timeout | undefined;
  const end = (why: Error): void => void (incoming ?? outgoing).destroy(why);
  const within = (ms: number, code: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => end(tooLate(code, ms)), ms);
  };
  const awaitHead = (): void => within(headersTimeout ?? limits.headersTimeout, 'ANSWER_TIMEOUT');
  const listening = addAbortListener(signal, () => end(new Error('aborted', { cause: signal.reason })));

  outgoing.once('socket', (socket) => {
    if (connected.has(socket)) {
      awaitHead();
      return;
    }
    within(limits.connectTimeout, 'ETIMEDOUT');
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      connected.add(socket);
      awaitHead();
    });
  });
  if (limits.bodyTimeout > 0) {
    outgoing.setTimeout(limits.bodyTimeout, () => end(tooLate('ANSWER_TIMEOUT', limits.bodyTimeout)));
  }
  outgoing.once('response', (response) => {
    clearTimeout(timer);
    incoming = response;
    // What happens while nobody reads is thrown at the next read; without a listener it would end the process.
    response.on('error', () => {});
    resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body: response });
  });
  outgoing.on('error', reject);
  outgoing.once('close', () => {
    clearTimeout(timer);
    listening[Symbol.dispose]();
  });
  return { answer: promise, end };
}

export function tooLate(code: string, ms: number): Error {
  return Object.assign(new Error(`waited for ${ms} ms`), { code });
}
