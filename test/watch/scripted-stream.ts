import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { createKnownObjects, type KnownObjects } from '../../src/watch/known-objects.ts';
import type { Stream } from '../../src/watch/requests.ts';
import type { StreamNews } from '../../src/watch/stream-news.ts';
import type { Active } from '../../src/watch/watch-state.ts';
import { type Step, watchStream } from '../../src/watch/watch-stream.ts';
import { accessTo, answer, scriptedServer } from '../kube/scripted-server.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { lineOf, pageOf, sentenceOf } from './objects.ts';
import { PODS } from './pods.ts';

/** Long enough for bytes that are on their way on a busy machine. */
const SHORT_SILENCE_MS = 200;

/** How the API server answers one request. `silent`: nothing will come after it, so there is no need to wait long. */
export type Answer = ((response: ServerResponse, clock: FakeClock) => void) & { readonly silent?: true };

/** What is asked, as {@link questionOf} says it, and the answer to it. */
export type Exchange = readonly [question: string, answer: Answer];

/** What a stream asked for and told, up to the end of its script. */
export interface Transcript {
  readonly asked: readonly string[];
  /** The changes, as `sentenceOf` says them. */
  readonly told: readonly string[];
  readonly steps: readonly Step[];
  readonly news: readonly StreamNews[];
  /** The waits between requests, in milliseconds. */
  readonly waits: readonly number[];
  readonly known: KnownObjects;
  /** How long each stream was allowed to be silent, in milliseconds. */
  readonly silences: readonly number[];
}

/**
 * Runs a stream against a server that expects exactly the requests of `script`, in this order. The request after the
 * last one ends the stream: give it as `until`. Waits take no time.
 */
export async function play(
  script: readonly Exchange[],
  options: {
    readonly until: string;
    readonly stream?: Partial<Stream>;
    readonly from?: Active;
    readonly knows?: KnownObjects;
    readonly rewound?: () => AbortSignal;
  },
): Promise<Transcript> {
  const expected = [...script.map(([question]) => question), options.until];
  const clock = fakeClock();
  const stop = new AbortController();
  const asked: string[] = [];
  await using server = await scriptedServer((request, response) => {
    const question = questionOf(request);
    const exchange = script[asked.length];
    asked.push(question);
    if (exchange?.[0] === question) exchange[1](response, clock);
    else stop.abort();
  });
  const silences: number[] = [];
  await using client = clientOf(server.url);
  const kube: KubeClient = {
    ...client,
    stream: (request) => {
      silences.push(request.idleMs);
      const isSilent = script[asked.length]?.[1].silent === true;
      return client.stream({ ...request, idleMs: isSilent ? SHORT_SILENCE_MS : request.idleMs });
    },
  };
  const known = options.knows ?? createKnownObjects();
  const news: StreamNews[] = [];
  const io = {
    kube,
    clock,
    tell: (it: StreamNews) => void news.push(it),
    ...(options.rewound !== undefined && { rewound: options.rewound }),
  };
  const steps: Step[] = [];
  const run = async () => {
    for await (const step of watchStream({ ...PODS, ...options.stream }, known, io, stop.signal, options.from)) {
      steps.push(step);
    }
  };
  await clock.settle(run());
  if (!stop.signal.aborted) asked.push('nothing more');
  assert.deepEqual(asked, expected);
  const told = steps.flatMap(({ changes }) => changes.map(sentenceOf));
  return { asked, told, steps, news, waits: clock.waits, known, silences };
}

/** The question in a request: `streaming list`, `list`, `page <token>`, `head`, `past <version>`, `watch <version>`. */
export function questionOf({ url = '' }: IncomingMessage): string {
  const query = new URL(url, 'http://localhost').searchParams;
  const version = query.get('resourceVersion');
  if (query.get('sendInitialEvents') === 'true') return 'streaming list';
  if (query.get('watch') === '1') return `watch ${version}`;
  if (query.get('limit') === '1') return 'head';
  if (query.get('resourceVersionMatch') === 'Exact') return `past ${version}`;
  return query.has('continue') ? `page ${query.get('continue')}` : 'list';
}

export function clientOf(url: string): KubeClient & AsyncDisposable {
  const client = createKubeClient(accessTo(url), { userAgent: 'watchbridge-test/1' });
  return { ...client, [Symbol.asyncDispose]: () => client.close() };
}

/** Lines of a watch, after which the server closes; `ADDED a u1@5` is written out, other text is sent as it is. */
export function lines(...texts: readonly string[]): Answer {
  return (response) => {
    writeLines(response, texts);
    response.end();
  };
}

/** As {@link lines}, but `ms` pass before the server closes. */
export function linesFor(ms: number, ...texts: readonly string[]): Answer {
  return (response, clock) => {
    writeLines(response, texts);
    void clock.advance(ms).then(() => response.end());
  };
}

/** As {@link lines}, but the connection breaks. */
export function linesThenReset(...texts: readonly string[]): Answer {
  return (response) => {
    writeLines(response, texts);
    // Once the bytes are on their way.
    response.write('', () => response.destroy());
  };
}

/** As {@link lines}, but the server leaves the connection open. */
export function openLines(...texts: readonly string[]): Answer {
  return (response) => writeLines(response, texts);
}

/** As {@link openLines}; `then` is called once the lines are on their way. */
export function openLinesThen(then: () => void, ...texts: readonly string[]): Answer {
  return (response) => {
    writeLines(response, texts);
    response.write('', () => setImmediate(then));
  };
}

/** As {@link openLines}, and the stream is to notice that nothing comes any more. */
export function linesThenSilence(...texts: readonly string[]): Answer {
  return Object.assign(openLines(...texts), { silent: true } as const);
}

export function page(resourceVersion: string, objects: readonly string[] = [], token?: string): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(pageOf(resourceVersion, objects, token));
  };
}

export function refusal(code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => answer(response, code, { kind: 'Status', code, reason, message: 'scripted' }, headers);
}

function writeLines(response: ServerResponse, texts: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const text of texts) response.write(`${/^[A-Z]+ /.test(text) ? lineOf(text) : text}\n`);
}
