import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf, refusingServer } from './refusing-server.ts';
import type { Scope } from './scope.ts';

/** One request as it came. */
export interface Received {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** When the request was complete, by `performance.now()`. */
  readonly at: number;
  /** The status it was answered with; undefined while, or if ever, there is none. */
  readonly status: number | undefined;
}

/** What to do with a request: a status to answer with at once, more than that, or no answer. */
export type Reply =
  | number
  | { readonly status: number; readonly headers?: OutgoingHttpHeaders; readonly afterMs?: number }
  /** The connection is reset. */
  | 'reset'
  /** No answer ever comes. */
  | 'hang';

/** A place for events on 127.0.0.1 that keeps every request and does as it is told. */
export interface RecordingSink {
  readonly url: string;
  /** Every complete request in order of arrival, whatever it was answered. */
  readonly received: readonly Received[];
  /** Those that were answered 2xx. */
  accepted(): Received[];
  /** Decides what each request is answered from here on; the number counts requests from 0. At first: 204. */
  reply(script: (request: Received, number: number) => Reply): void;
  /** Ends all connections and refuses new ones, until `listen`. */
  refuse(): Promise<void>;
  /** Takes connections again, at the same port. */
  listen(): Promise<void>;
}

/** Starts a sink that ends with the test. */
export async function recordingSink(t: Scope): Promise<RecordingSink> {
  const received: Recorded[] = [];
  let script: (request: Received, number: number) => Reply = () => 204;
  const { url, listen, refuse } = await refusingServer(t, (request, response) => {
    void read(request).then((recorded) => {
      if (recorded === undefined) return;
      received.push(recorded);
      void answer(recorded, script(recorded, received.length - 1), response);
    });
  });
  return {
    url,
    received,
    accepted: () => received.filter(({ status }) => status !== undefined && status >= 200 && status < 300),
    reply: (next) => {
      script = next;
    },
    refuse,
    listen,
  };
}

type Recorded = { -readonly [Field in keyof Received]: Received[Field] };

/** Undefined where the sender went away before the end. */
async function read(request: IncomingMessage): Promise<Recorded | undefined> {
  const body = await bodyOf(request);
  if (body === undefined) return undefined;
  const { method = '', headers } = request;
  return { method, headers, body, at: performance.now(), status: undefined };
}

async function answer(recorded: Recorded, reply: Reply, response: ServerResponse): Promise<void> {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, headers = {}, afterMs = 0 } = typeof reply === 'number' ? { status: reply } : reply;
  if (afterMs > 0) await delay(afterMs);
  if (response.destroyed) return;
  recorded.status = status;
  response.writeHead(status, headers).end();
}
