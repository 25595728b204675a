import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type ContentMode, encodeEvent } from '../events/encode.ts';
import { createConnections } from './http/connections.ts';
import type { Outcome } from './outcome.ts';

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
  /** Sent with one event, in the same form. */
  readonly headersOf?: (event: CloudEvent) => readonly string[];
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
/** Some servers keep idle connections for no longer without saying so. */
const KEEP_ALIVE_MS = 30_000;
/** The body of an answer means nothing to us. */
const BODY_TIMEOUT_MS = 5_000;

/** HTTP/1.1 connections to the place where events go. Redirects are not followed and no proxy is used. */
export function createSink(options: SinkOptions): Sink {
  const { url, contentMode, headersOf } = options;
  const connections = createConnections(options.connections, {
    url,
    secureContext: url.protocol === 'https:' ? trusting(options.ca) : undefined,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    headTimeoutMs: options.timeoutMs,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
  });
  const start = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  const fixed = headerLines(options.headers);

  return {
    url,
    post: (event, done) => {
      const { headers, body } = encodeEvent(event, contentMode);
      const own = headersOf === undefined ? '' : headerLines(headersOf(event));
      const head = `${start}${headerLines(headers)}${own}${fixed}content-length: ${body.byteLength}\r\n\r\n`;
      connections.send(head, body, done);
    },
    close: () => {
      connections.close();
      return Promise.resolve();
    },
  };
}

function headerLines(headers: readonly string[]): string {
  let lines = '';
  for (let at = 0; at + 1 < headers.length; at += 2) lines += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return lines;
}

/** Node.js trusts the authorities it is given instead of its own, so its own are given as well. */
function trusting(ca: readonly string[]): SecureContext {
  return createSecureContext({ ca: [...getCACertificates(), ...ca] });
}
