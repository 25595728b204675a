import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { claimPort } from '../controlplane/ports.ts';
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
  const server = createServer((request, response) => {
    void read(request).then((recorded) => {
      if (recorded === undefined) return;
      received.push(recorded);
      void answer(recorded, script(recorded, received.length - 1), response);
    });
  });
  // A port that nobody else is given while connections are refused.
  const port = await claimPort();
  const listen = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await listen();
  t.after(refuse);
  return {
    url: `http://127.0.0.1:${port}/`,
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
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return undefined;
  }
  const { method = '', headers } = request;
  return { method, headers, body: Buffer.concat(chunks), at: performance.now(), status: undefined };
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
