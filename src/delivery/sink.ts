import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Pool } from 'undici';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type ContentMode, encodeEvent } from '../events/encode.ts';
import type { FailureReason, Outcome } from './outcome.ts';

export interface SinkOptions {
  /** An absolute http or https URL. */
  readonly url: URL;
  /** PEM certificates to trust beside those of Node.js. */
  readonly ca: readonly string[];
  /** How many connections may be open at once. */
  readonly connections: number;
  /** How long an answer may take once the request is sent. */
  readonly timeoutMs: number;
  readonly contentMode: ContentMode;
  /** Sent with every event: names and values in turn. */
  readonly headers: readonly string[];
}

/** Sends one event once. `done` is called exactly once; a callback, because a promise an event is dear on this path. */
export type Post = (event: CloudEvent, done: (outcome: Outcome) => void) => void;

export interface Sink {
  readonly url: URL;
  readonly post: Post;
  /** Ends all connections; what is on the wire fails with `reset`. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** undici's own default of 4 s would mean a new connection after each short pause. */
const KEEP_ALIVE_MS = 30_000;
/** An answer's body means nothing to us; one that is longer or slower costs its connection. */
const MOST_ANSWER_BYTES = 64 * 1024;
const MOST_ANSWER_MS = 5_000;
/** As much as a dead letter tells of an answer. */
const KEPT_ANSWER_BYTES = 1_024;

/** HTTP/1.1 connections to the place where events go. Redirects are not followed and no proxy is used. */
export function createSink(options: SinkOptions): Sink {
  const pool = new Pool(options.url.origin, {
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: options.timeoutMs,
    // The limit is for the whole answer, not for the time between two chunks of it.
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(options.ca.length > 0 && { secureContext: trusting(options.ca) }) },
  });
  const path = `${options.url.pathname}${options.url.search}`;

  const post: Post = (event, done) => {
    let status: number | undefined;
    let retryAfter: string | undefined;
    const answer: Buffer[] = [];
    let answerBytes = 0;
    let patience: NodeJS.Timeout | undefined;
    let finished = false;
    const finish = (outcome: Outcome): void => {
      if (finished) return;
      finished = true;
      clearTimeout(patience);
      done(outcome);
    };
    const answered = (): Outcome => {
      const taken = status !== undefined && status >= 200 && status < 300;
      return { is: 'answered', status: status ?? 0, retryAfter, body: taken ? undefined : Buffer.concat(answer) };
    };
    const { headers, body } = encodeEvent(event, options.contentMode);
    headers.push(...options.headers);
    pool.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller, statusCode, answerHeaders) => {
          // Informational: the answer is still to come.
          if (statusCode < 200) return;
          status = statusCode;
          patience = setTimeout(() => controller.abort(new Error('the answer takes too long')), MOST_ANSWER_MS);
          const header = answerHeaders['retry-after'];
          retryAfter = Array.isArray(header) ? header[0] : header;
        },
        onResponseData: (controller, chunk) => {
          if (answerBytes < KEPT_ANSWER_BYTES) answer.push(chunk.subarray(0, KEPT_ANSWER_BYTES - answerBytes));
          answerBytes += chunk.length;
          if (answerBytes > MOST_ANSWER_BYTES) controller.abort(new Error('the answer is longer than it may be'));
        },
        onResponseEnd: () => finish(answered()),
        // Once the status is known the sink has decided; how its answer's body ends changes nothing.
        onResponseError: (_controller, error) => finish(status === undefined ? failure(error) : answered()),
      },
    );
  };

  return { url: options.url, post, close: () => pool.destroy() };
}

/** Node.js trusts the authorities it is given instead of its own, so its own are given as well. */
function trusting(ca: readonly string[]): SecureContext {
  return createSecureContext({ ca: [...getCACertificates(), ...ca] });
}

const REASONS: ReadonlyMap<string, FailureReason> = new Map([
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ENETUNREACH', 'connect'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['UND_ERR_SOCKET', 'reset'],
  ['UND_ERR_DESTROYED', 'reset'],
]);

function failure(error: Error): Outcome {
  const code = errorCode(error);
  return { is: 'failed', reason: REASONS.get(code) ?? otherReason(code), detail: `${code} ${error.message}`.trim() };
}

/** Node.js names what is wrong with a certificate or a handshake by codes that all read like these. */
function otherReason(code: string): FailureReason {
  return /CERT|CRL|TLS|SSL|SIGN|ISSUER|INVALID_CA|PURPOSE|PATH_LENGTH|HOSTNAME|EPROTO/.test(code) ? 'tls' : 'protocol';
}

/** A connection attempt to several addresses fails with an error that holds one error for each. */
function errorCode(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined;
  return error.code ?? first?.code ?? '';
}
