import type { SecureContext } from 'node:tls';
import { createAnswerReader } from '../../http/answer-reader.ts';
import { openSocket } from '../../http/open-socket.ts';
import type { Outcome } from '../outcome.ts';
import { atEndOfTurn } from './end-of-turn.ts';
import { failure, noAnswer } from './failure.ts';
import { createKeptBody } from './kept-body.ts';

/** Where a connection goes, and for how long it waits for what. Times in milliseconds. */
export interface ConnectionOptions {
  readonly url: URL;
  /** Undefined for http. */
  readonly secureContext: SecureContext | undefined;
  /** Until the connection is there, its TLS handshake included. */
  readonly connectTimeoutMs: number;
  /** Until the status of an answer, counted from when the request was handed over. */
  readonly headTimeoutMs: number;
  /** Until the end of an answer whose status is known. */
  readonly bodyTimeoutMs: number;
  /** How long an idle connection is kept, unless the server keeps it for a shorter time. */
  readonly keepAliveMs: number;
}

/** Requests, one at a time. */
export interface Connection {
  /** Sends one request; only while the connection carries none. `done` is called exactly once. */
  send(head: string, body: Uint8Array, done: (outcome: Outcome) => void): void;
  /** Ends it at once; a request under way fails as `reset`. */
  close(): void;
}

/** Both are called when the connection changes hands, and always after the `done` of the request before. */
export interface ConnectionOwner {
  /** It may carry the next request; if none comes for `keptMs`, it is to be closed. */
  idle(connection: Connection, keptMs: number): void;
  /** It has ended, whether it carried a request or not. */
  closed(connection: Connection): void;
}

interface Request {
  readonly head: string;
  readonly body: Uint8Array;
  readonly done: (outcome: Outcome) => void;
}

/** Requests up to this size are put together in one piece of memory that the connection keeps. */
const LARGEST_KEPT_BYTES = 64 * 1024;
const FIRST_KEPT_BYTES = 4 * 1024;
/** Load balancers drop connections that are silent for 60 s or more. */
const TCP_KEEP_ALIVE_MS = 30_000;
/** A server closes an idle connection when it said so; ours must be gone before, or meet that with a request. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** Connects at once, and to `options.url`'s origin. Speaks HTTP/1.1 without pipelining. */
export function openConnection(options: ConnectionOptions, owner: ConnectionOwner): Connection {
  const keptBody = createKeptBody();
  const reader = createAnswerReader(keptBody.take);
  const { answer } = reader;
  let buffer = Buffer.allocUnsafeSlow(FIRST_KEPT_BYTES);
  let request: Request | undefined;
  /** Whether any of the request under way was written. */
  let isSent = false;
  let state: 'connecting' | 'ready' | 'closed' = 'connecting';
  let error: Error | undefined;

  const tls = options.secureContext && { secureContext: options.secureContext };
  const socket = openSocket(options.url, tls, (bytes) => received(bytes));
  socket.setNoDelay(true);
  socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);

  /** One timer, for whatever the request waits for now. */
  let timer = setTimeout(timedOut, options.connectTimeoutMs);
  let timerMs = options.connectTimeoutMs;
  const waitFor = (ms: number): void => {
    // Most requests wait as long as the one before, and a timer that is set again costs less than a new one.
    if (ms === timerMs) {
      timer.refresh();
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(timedOut, ms);
    timerMs = ms;
  };

  function timedOut(): void {
    // While it rests, its owner has the time; and a request that waits for the end of the turn has all of its own.
    if (request === undefined || (state === 'ready' && !isSent)) return;
    if (answer.stage === 'head') finish({ is: 'failed', reason: 'timeout', detail: timeoutDetail() });
    else finish();
  }

  const timeoutDetail = (): string =>
    state === 'connecting'
      ? `no connection within ${options.connectTimeoutMs} ms`
      : `no answer within ${options.headTimeoutMs} ms`;

  const writeRequest = (): void => {
    if (state === 'ready' && request !== undefined) write(request);
  };

  const write = ({ head, body }: Request): void => {
    waitFor(options.headTimeoutMs);
    isSent = true;
    // Characters and bytes are the same number in latin1, which is all that a head is made of.
    const size = head.length + body.byteLength;
    if (size > LARGEST_KEPT_BYTES) {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
      return;
    }
    if (size > buffer.length) buffer = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(size)));
    buffer.write(head, 0, 'latin1');
    buffer.set(body, head.length);
    // Without a callback: Node.js would call it in a tick of its own, which costs as much as the write does outside of
    // the kernel.
    socket.write(buffer.subarray(0, size));
  };

  const received = (bytes: Buffer): void => {
    if (request === undefined || !isSent) {
      // An answer that nobody asked for, such as a 408 before the server closes.
      close();
      return;
    }
    const before = answer.stage;
    const stage = reader.push(bytes);
    if (stage === 'done' || stage === 'broken') finish();
    else if (stage === 'body' && before === 'head') waitFor(options.bodyTimeoutMs);
  };

  /** The request is over. Without an outcome it is what the answer says so far, if it says something. */
  const finish = (outcome: Outcome = outcomeSoFar()): void => {
    const { done } = request ?? {};
    const reusable = answer.stage === 'done' && answer.reusable && state === 'ready';
    request = undefined;
    done?.(outcome);
    if (!reusable) close();
    else if (isWritten()) rest();
    else setImmediate(restIfWritten);
  };

  const isWritten = (): boolean => socket.writableLength === 0;

  /** Under TLS a write is over in the turn of the event loop after it. Else the answer came before its request's end. */
  const restIfWritten = (): void => {
    if (state !== 'ready') return;
    if (isWritten()) rest();
    else close();
  };

  const outcomeSoFar = (): Outcome => {
    const { head, stage, problem } = answer;
    // Once the status is known the sink has decided; how its answer's body ends changes nothing.
    if (head !== undefined) {
      const { status, retryAfter } = head;
      const taken = status >= 200 && status < 300;
      return { is: 'answered', status, retryAfter, body: taken ? undefined : keptBody.bytes() };
    }
    if (stage === 'broken')
      return { is: 'failed', reason: 'protocol', detail: `the answer is not understood: ${problem}` };
    return error === undefined ? noAnswer() : failure(error);
  };

  const rest = (): void => {
    const kept = Math.min(options.keepAliveMs, (answer.head?.keepAliveMs ?? Infinity) - KEEP_ALIVE_MARGIN_MS);
    if (kept <= 0) {
      close();
      return;
    }
    owner.idle(connection, kept);
  };

  function close(): void {
    if (state === 'closed') return;
    state = 'closed';
    clearTimeout(timer);
    socket.destroy();
    if (request !== undefined) finish();
    owner.closed(connection);
  }

  socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
    if (state === 'closed') return;
    state = 'ready';
    writeRequest();
  });
  socket.on('error', (cause) => (error = cause));
  socket.on('end', () => {
    reader.end();
    close();
  });
  socket.on('close', close);

  const connection: Connection = {
    send(head, body, done) {
      // Now and not when it is written: the last answer must never be taken for the one to this request.
      reader.next();
      keptBody.clear();
      isSent = false;
      request = { head, body, done };
      if (state === 'ready') atEndOfTurn(writeRequest);
      else if (state === 'closed') finish();
    },
    close,
  };
  return connection;
}
