import { addAbortListener } from 'node:events';
import { validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { AnswerHead } from '../http/answer-head.ts';
import { createAnswerReader } from '../http/answer-reader.ts';
import { openSocket } from '../http/open-socket.ts';
import type { Transport } from './access.ts';
import { type Dispatcher, type HttpAnswer, type HttpRequest, tooLate } from './http.ts';
import { createUnderway, type RequestUnderway } from './underway.ts';

/** Times in milliseconds. */
export interface StreamLimits {
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  /** How long a connection is silent before TCP asks whether the other side is there. */
  readonly tcpKeepAlive: number;
}

/** An event that waits keeps the piece alive that it came in. */
const PIECE_BYTES = 64 * 1024;
/** A chunk of which so much is missing is handed on as it comes. etcd refuses objects above 1.5 MiB. */
const MOST_TORN_BYTES = 2 * 1024 * 1024;
/** So is one that takes longer, or a slow link would look like a dead one. */
export const MOST_TORN_MS = 2_000;

/**
 * Speaks HTTP/1.1 for answers that last: each has a connection of its own, which ends with it. As many chunks as fit
 * into 64 KB become one piece of the body; node:http makes one of each, and kube-apiserver sends a chunk for each event.
 * A chunk stays whole however it was read, so that nobody has to put an event together.
 */
export function createStreamDispatcher(tls: Transport['tls'], limits: StreamLimits): Dispatcher {
  const underway = createUnderway();
  // One context for all connections: each would parse the certificates anew.
  let secureContext: SecureContext | undefined;
  const connect: Connect = (origin, received) => {
    if (origin.protocol !== 'https:') return openSocket(origin, undefined, received);
    secureContext ??= createSecureContext(tls);
    return openSocket(origin, { ...tls, secureContext }, received);
  };

  return {
    request: async (request) => {
      underway.assertOpen();
      request.signal.throwIfAborted();
      const exchange = begin(request, connect, limits, () => underway.delete(exchange));
      underway.add(exchange);
      return exchange.answer;
    },
    close: () => underway.close(),
    destroy: async () => underway.end(),
  };
}

type Connect = (origin: URL, received: (bytes: Buffer) => void) => Socket;

interface Exchange extends RequestUnderway {
  readonly answer: Promise<HttpAnswer>;
}

/** @param closed called once, when the connection is gone */
function begin(request: HttpRequest, connect: Connect, limits: StreamLimits, closed: () => void): Exchange {
  const origin = new URL(request.origin);
  const head = headOf(request, origin);
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  let body: Readable | undefined;
  /** What the read under way has brought of the body and is not handed on, and how much of that is filled. */
  let piece: Buffer | undefined;
  let filled = 0;
  /** It ends in the middle of a chunk, whose rest it has room for. */
  let torn = false;

  const reader = createAnswerReader((bytes, start, until, left) => {
    const tears = left > 0 && left <= MOST_TORN_BYTES;
    const whole = until - start + (tears ? left : 0);
    // What is complete does not wait for the rest of a chunk.
    if (piece !== undefined && !torn && filled + whole > piece.length) handOn();
    piece ??= Buffer.allocUnsafeSlow(tears ? whole : Math.max(whole, Math.min(bytes.length - start, PIECE_BYTES)));
    filled += bytes.copy(piece, filled, start, until);
    if (tears && !torn) patience.refresh();
    torn = tears;
    return undefined;
  });

  const handOn = (): void => {
    torn = false;
    body ??= answered();
    if (piece !== undefined && !body.push(piece.subarray(0, filled))) socket.pause();
    piece = undefined;
    filled = 0;
  };

  const received = (bytes: Buffer): void => {
    const stage = reader.push(bytes);
    if (reader.answer.head !== undefined) {
      body ??= answered();
      if (!torn) handOn();
    }
    if (stage === 'broken') end(Object.assign(new Error(reader.answer.problem), { code: 'NOT_HTTP' }));
    else if (stage === 'done') finish();
  };

  const answered = (): Readable => {
    clearTimeout(timer);
    const { head: answer } = reader.answer;
    const opened = new Readable({
      read: () => void socket.resume(),
      destroy: (error, done) => {
        socket.destroy();
        done(error);
      },
    });
    // What happens while nobody reads is thrown at the next read; without a listener it would end the process.
    opened.on('error', () => {});
    resolve({ statusCode: answer?.status ?? 0, headers: headersOf(answer), body: opened });
    return opened;
  };

  const finish = (): void => {
    body?.push(null);
    socket.destroy();
  };

  const end = (why: Error): void => {
    if (body === undefined) reject(why);
    else if (!body.readableEnded) body.destroy(why);
    socket.destroy();
  };

  const patience = setTimeout(() => torn && handOn(), MOST_TORN_MS);
  const socket = connect(origin, received);
  socket.setKeepAlive(true, limits.tcpKeepAlive);
  const within = (ms: number, code: string): NodeJS.Timeout => setTimeout(() => end(tooLate(code, ms)), ms);
  let timer = within(limits.connectTimeout, 'ETIMEDOUT');
  const listening = addAbortListener(request.signal, () => end(new Error('aborted', { cause: request.signal.reason })));

  let error: Error | undefined;
  socket.once(origin.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    timer = within(request.headersTimeout ?? limits.headersTimeout, 'ANSWER_TIMEOUT');
    socket.write(head, 'latin1');
    if (request.body !== null) socket.write(request.body);
  });
  socket.on('error', (cause) => (error = cause));
  socket.on('end', () => {
    if (reader.end() === 'done') finish();
  });
  socket.once('close', () => {
    clearTimeout(timer);
    clearTimeout(patience);
    listening[Symbol.dispose]();
    if (reader.answer.stage !== 'done') end(error ?? cutShort());
    closed();
  });
  return { answer: promise, end };
}

/** @throws a TypeError where a value cannot stand in a head */
function headOf({ method, path, headers, body }: HttpRequest, origin: URL): string {
  if (/[^\x21-\x7e]/.test(path)) throw new TypeError('The path of a request has characters that are not escaped.');
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const fields = Object.entries({ host: origin.host, ...headers, ...length, connection: 'close' });
  for (const [name, value] of fields) validateHeaderValue(name, value);
  return `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

function headersOf(head: AnswerHead | undefined): HttpAnswer['headers'] {
  const { contentType, contentEncoding, retryAfter } = head ?? {};
  return { 'content-type': contentType, 'content-encoding': contentEncoding, 'retry-after': retryAfter };
}

function cutShort(): Error {
  return Object.assign(new Error('other side closed'), { code: 'ECONNRESET' });
}
