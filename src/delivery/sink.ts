import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type ContentMode, encodeEvent } from '../events/encode.ts';
import type { RotatedFile } from '../kube/rotated-file.ts';
import { createConnections } from './http/connections.ts';
import type { Outcome } from './outcome.ts';
import type { Requests } from './requests.ts';
import { withToken } from './with-token.ts';

/** How a sink is spoken to. */
export interface RequestOptions {
  /** An absolute http or https URL. */
  readonly url: URL;
  /** PEM certificates to trust beside those of Node.js. */
  readonly ca: readonly string[];
  /** How many connections may be open at once. */
  readonly connections: number;
  /** How long an answer may take once the request is sent. */
  readonly timeoutMs: number;
  /** Sent with every request: names and values in turn. */
  readonly headers: readonly string[];
  /** The bearer token that every request carries, where the sink wants one. */
  readonly token?: RotatedFile | undefined;
}

export interface SinkOptions extends RequestOptions {
  readonly contentMode: ContentMode;
  /** Sent with one event: names and values in turn. */
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
const NO_HEADERS: readonly string[] = [];

/** A sink that is sent each event in a request of its own. */
export function createSink(options: SinkOptions): Sink {
  const { url, contentMode, headersOf } = options;
  const requests = createRequests(options);
  return {
    url,
    post: (event, done) => requests.send(encodeEvent(event, contentMode), headersOf?.(event) ?? NO_HEADERS, done),
    close: () => {
      requests.close();
      return Promise.resolve();
    },
  };
}

/** HTTP/1.1 connections to the place where events go. Redirects are not followed and no proxy is used. */
export function createRequests(options: RequestOptions): Requests {
  const { url } = options;
  const connections = createConnections(options.connections, {
    url,
    secureContext: url.protocol === 'https:' ? trusting(options.ca) : undefined,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    headTimeoutMs: options.timeoutMs,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
  });
  const start = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n${headerLines(options.headers)}`;
  const requests: Requests = {
    send: ({ head, body }, own, done) => {
      const lines = `${start}${head}${headerLines(own)}`;
      connections.send(`${lines}content-length: ${body.byteLength}\r\n\r\n`, body, done);
    },
    close: () => connections.close(),
  };
  return options.token === undefined ? requests : withToken(requests, options.token);
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
