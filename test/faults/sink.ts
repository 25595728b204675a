import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Received, Reply } from '../support/recording-sink.ts';
import { bodyOf, refusingServer } from '../support/refusing-server.ts';
import type { Scope } from '../support/scope.ts';
import { type Told, toldBy } from '../support/told.ts';

/** What a script is asked about: an event that has arrived whole, and is not answered yet. */
export type Arrival = Omit<Received, 'body' | 'status'>;

/** A sink that keeps what each event said and not its body, so that it can listen for hours, and fails as it is told. */
export interface FaultySink {
  readonly url: string;
  /** Every attempt in order of arrival. */
  readonly told: readonly Told[];
  /** How many of them were answered 2xx. */
  readonly accepted: number;
  /** When the last of those was, by `performance.now()`. */
  readonly lastAcceptedAt: number;
  /** The gaps that were announced, each as its event's data. */
  readonly gaps: readonly string[];
  /** Decides what each event is answered from here on; the number counts attempts from 0. */
  reply(script: (arrival: Arrival, number: number) => Reply): void;
  /** Answers everything with 204 again, and takes connections. */
  heal(): Promise<void>;
  /** Ends all connections and refuses new ones. */
  refuse(): Promise<void>;
}

const GAP = 'dev.watchbridge.apiserver.gap';

export async function faultySink(scope: Scope): Promise<FaultySink> {
  const told: { -readonly [Field in keyof Told]: Told[Field] }[] = [];
  const gaps: string[] = [];
  let accepted = 0;
  let lastAcceptedAt = 0;
  let attempts = 0;
  let script: (arrival: Arrival, number: number) => Reply = () => 204;

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    if (body === undefined) return;
    const { method = '', headers } = request;
    const arrival: Arrival = { method, headers, at: performance.now() };
    if (headers['ce-type'] === GAP) {
      if (await answer(script(arrival, attempts), response)) gaps.push(body.toString());
      return;
    }
    const [attempt] = toldBy([{ ...arrival, body, status: undefined }]);
    if (attempt === undefined) return;
    const kept = { ...attempt };
    told.push(kept);
    kept.accepted = await answer(script(arrival, attempts++), response);
    if (!kept.accepted) return;
    accepted++;
    lastAcceptedAt = performance.now();
  };
  const { url, listen, refuse } = await refusingServer(scope, (request, response) => void take(request, response));
  return {
    url,
    told,
    gaps,
    get accepted() {
      return accepted;
    },
    get lastAcceptedAt() {
      return lastAcceptedAt;
    },
    reply: (next) => {
      script = next;
    },
    heal: async () => {
      script = () => 204;
      await listen();
    },
    refuse,
  };
}

/** Whether the answer says that the event was taken, and could be sent. */
async function answer(reply: Reply, response: ServerResponse): Promise<boolean> {
  if (reply === 'hang') return false;
  if (reply === 'reset') {
    response.socket?.resetAndDestroy();
    return false;
  }
  const { status, headers = {}, afterMs = 0 } = typeof reply === 'number' ? { status: reply } : reply;
  if (afterMs > 0) await delay(afterMs);
  if (response.destroyed) return false;
  response.writeHead(status, headers).end();
  return status >= 200 && status < 300;
}
