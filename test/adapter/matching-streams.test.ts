import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createNamespaces, type Namespaces } from '../../src/adapter/namespaces.ts';
import { runSelected } from '../../src/adapter/selected-streams.ts';
import type { SourceConfig } from '../../src/adapter/source-config.ts';
import { createStartLimit } from '../../src/adapter/start-limit.ts';
import { createStreamBoard } from '../../src/adapter/stream-board.ts';
import { type Place, streamKey } from '../../src/adapter/stream-identity.ts';
import { createStreamMemory, NO_MEMORY, type StreamMemory } from '../../src/checkpoint/stream-memory.ts';
import type { KubeClient, KubeRequest } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { ObjectHead } from '../../src/watch/change.ts';
import type { StreamNews } from '../../src/watch/stream-news.ts';
import { changeOf, PODS as RESOURCE } from '../events/changes.ts';
import { never } from '../kube/scripted-server.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { endOfList, headOf, lineOf, pageOf } from '../watch/objects.ts';
import { configWith, PODS } from './any-config.ts';
import { deliveringIo } from './pipeline-io.ts';
import { recordedLog } from './recorded-log.ts';

/** What a request is answered with: a body; lines of a watch, which stays open; or a refusal. */
type Answer = string | readonly string[] | KubeError;

interface Stage {
  readonly clock: FakeClock;
  readonly namespaces: Namespaces;
  readonly asked: readonly string[];
  /** `add u1@5`, with what was known before in place of the version of a delete. */
  readonly sent: () => readonly string[];
  readonly news: readonly StreamNews[];
  memoryAt(place: Place): StreamMemory;
  /** Lets everything happen that needs no time. */
  calm(): Promise<void>;
  /** Ends all watches that are open. */
  cut(): void;
  stop(): Promise<void>;
}

const N: Place = { is: 'matching', name: 'n' };
const WHOLE: Place = { is: 'selected' };

/** Streams of Pods in the namespace `n`, which matches, of an account that may not watch the cluster. */
function stage(
  source: Partial<SourceConfig>,
  answer: (question: string) => Answer,
  stored: { readonly position: string; readonly objects: readonly ObjectHead[] } | undefined,
): Stage {
  const pipeline = deliveringIo();
  const { clock } = pipeline;
  const { log } = recordedLog();
  const config = configWith({ namespaceSelector: 'x', namespaces: [], ...source });
  const key = (place: Place): string => streamKey(PODS, PODS.gvr, place, config.source);
  const memories = new Map<string, StreamMemory>();
  if (stored !== undefined) {
    const position = { resourceVersion: stored.position, epoch: 0, complete: true };
    memories.set(key(WHOLE), createStreamMemory({ ...stored, position, uncertain: false }, { clock }));
  }
  const memoryOf = (of: string): StreamMemory => {
    const memory = memories.get(of) ?? createStreamMemory(NO_MEMORY, { clock });
    memories.set(of, memory);
    return memory;
  };
  const asked: string[] = [];
  const open = new Set<() => void>();
  const ask = ({ query = {} }: KubeRequest): string | readonly string[] => {
    const question = questionOf(query);
    asked.push(question);
    const answered = answer(question);
    if (answered instanceof KubeError) throw answered;
    return answered;
  };
  const watch = async function* (lines: readonly string[], signal: AbortSignal): AsyncGenerator<Buffer[]> {
    const text = lines.map((line) => `${/^[A-Z]+ /.test(line) ? lineOf(line) : line}\n`).join('');
    if (text !== '') yield [Buffer.from(text)];
    const ended = Promise.withResolvers<void>();
    open.add(ended.resolve);
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    if (!signal.aborted) await ended.promise;
    if (signal.aborted) throw new KubeError('aborted', 'aborted');
  };
  const kube: KubeClient = {
    server: 'https://10.96.0.1:443',
    json: async <T>() => ({ status: { allowed: false } }) as T,
    bytes: async (request) => Buffer.from(String(ask(request))),
    stream: async (request) => {
      const answered = ask(request);
      return { chunks: watch(typeof answered === 'string' ? [answered] : answered, request.signal), close: () => {} };
    },
    close: async () => undefined,
  };
  const news: StreamNews[] = [];
  const namespaces = createNamespaces(() => true);
  namespaces.apply([changeOf({ object: { ...headOf('n un@1'), namespace: '' } })]);
  const stopping = new AbortController();
  const discovery = {
    find: async () => ({ is: 'found', resource: RESOURCE }) as const,
    watchable: async () => [],
    forget: () => undefined,
  };
  const io = {
    kube,
    clock,
    finder: { discovery, board: createStreamBoard(() => undefined), clock, log },
    pipeline,
    memoryOf,
    forget: (of: string) => void memories.delete(of),
    rewound: never,
    reporter: () => (it: StreamNews) => void news.push(it),
  };
  const wanted = { entry: PODS, found: { ...RESOURCE, appeared: false }, passing: false };
  const running = runSelected(wanted, namespaces, config, io, createStartLimit(20), stopping.signal);
  return {
    clock,
    namespaces,
    asked,
    news,
    sent: () =>
      pipeline.sent.map(({ event: { id, type } }) => `${type.split('.').at(-1)} ${id.replace(/^\w+\.0\./, '')}`),
    memoryAt: (place) => memoryOf(key(place)),
    calm: async () => {
      for (let i = 0; i < 20; i++) await turn();
    },
    cut: () => {
      for (const end of open) end();
      open.clear();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function questionOf(query: NonNullable<KubeRequest['query']>): string {
  if (query['sendInitialEvents'] === 'true') return 'streaming list';
  if (query['watch'] === '1') return `watch ${query['resourceVersion']}`;
  return query['limit'] === '1' ? 'head' : 'list';
}

test('a stream that takes over a namespace of which nothing is known lists what is in it, and tells what happened since', async () => {
  const other = { ...headOf('z uz@4'), namespace: 'other' };
  for (const initialEvents of ['All', 'None'] as const) {
    const answer = (question: string): Answer => {
      if (question === 'list') return pageOf('20', ['a u1@5']);
      if (question === 'watch 10') return ['DELETED b u2@12', 'MODIFIED a u1@21'];
      return pageOf('20', []);
    };
    const it = stage({ initialEvents }, answer, { position: '10', objects: [other] });
    await it.calm();
    assert.deepEqual(it.asked, ['head', 'list', 'watch 10']);
    const first = initialEvents === 'All' ? ['add u1.5'] : [];
    assert.deepEqual(it.sent(), [...first, 'delete u2.12.d', 'update u1.21']);
    assert.equal(it.memoryAt(N).ledger.position()?.resourceVersion, '21');
    await it.stop();
  }
});

test('what a deleted namespace held is told as deleted, though its watch ends before it says so', async () => {
  let mayWatch = true;
  const answer = (question: string): Answer => {
    if (!mayWatch) return new KubeError('forbidden', 'no right any more');
    return question === 'streaming list' ? ['ADDED a u1@5', 'ADDED b u2@6', endOfList('10')] : ['DELETED a u1@11'];
  };
  const it = stage({}, answer, undefined);
  await it.calm();
  assert.deepEqual(it.sent(), ['delete u1.5.d']);
  it.namespaces.apply([changeOf({ type: 'delete', object: { ...headOf('n un@20'), namespace: '' } })]);
  mayWatch = false;
  it.cut();
  for (let s = 0; s < 590; s++) await it.clock.advance(1_000);
  assert.deepEqual(it.sent(), ['delete u1.5.d']);
  for (let s = 0; s < 40; s++) await it.clock.advance(1_000);
  await it.calm();
  assert.deepEqual(it.sent(), ['delete u1.5.d', 'delete u2.6.d']);
  assert.deepEqual(
    it.news.filter(({ is }) => is === 'vanished'),
    [{ is: 'vanished', objects: 1 }],
  );
  await it.clock.advance(1_000);
  const asked = it.asked.length;
  await it.clock.advance(60_000);
  assert.equal(it.asked.length, asked, 'the stream has ended');
  await it.stop();
});
