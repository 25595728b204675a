import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { KubeObject } from '../../src/kube/object.ts';
import { type Informed, type Informer, type InformerEvent, startInformer } from '../../src/reconcile/informer.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { scriptedServer } from '../kube/scripted-server.ts';
import { eventually } from '../support/eventually.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { bookmark, endOfList, errorLine, lineOf } from '../watch/objects.ts';
import { clientOf, type Exchange, lines, openLines, page, questionOf, refusal } from '../watch/scripted-stream.ts';

const PODS = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
const EXPIRED = errorLine({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });

test('what is listed is added, and what a watch tells is updated with its old state and deleted with its last', async () => {
  const { told, informer, counted } = await play(
    [
      ['streaming list', openLines('ADDED a u1@5', 'ADDED b u2@6', endOfList('6'))],
      ['watch 6', lines('MODIFIED a u1@7', 'ADDED c u3@8', 'DELETED b u2@9')],
    ],
    'head',
  );
  assert.deepEqual(told, [
    'added a u1@5, initial',
    'added b u2@6, initial',
    'updated a u1@7 from u1@5',
    'added c u3@8',
    'deleted b u2@9',
  ]);
  assert.deepEqual(held(informer), ['a u1@7', 'c u3@8']);
  assert.equal(informer.get('n', 'a')?.metadata.resourceVersion, '7');
  assert.equal(informer.get('n', 'b'), undefined);
  assert.equal(informer.get('m', 'a'), undefined);
  assert.match(counted, /stream_established\{stream="pods\.v1"\} 1/);
});

test('an object that comes anew under a name is the end of the old one', async () => {
  const { told } = await play(
    [
      ['streaming list', openLines('ADDED a u1@5', endOfList('5'))],
      ['watch 5', lines('ADDED a u2@9')],
    ],
    'head',
  );
  assert.deepEqual(told.slice(1), ['deleted a u1@5', 'added a u2@9']);
});

test('what a gap in the history hid is found by comparison, deletes included', async () => {
  const { told, informer, counted } = await play(
    [
      ['streaming list', openLines('ADDED a u1@5', 'ADDED b u2@6', 'ADDED c u3@6', endOfList('6'))],
      ['watch 6', lines(EXPIRED)],
      ['streaming list', openLines('ADDED a u1@5', 'ADDED c u3@20', 'ADDED d u4@21', endOfList('21'))],
      ['past 6', refusal(410, 'Expired')],
    ],
    'watch 21',
  );
  assert.deepEqual(told.slice(3), ['updated c u3@20 from u3@6', 'added d u4@21', 'deleted b u2@6']);
  assert.deepEqual(held(informer), ['a u1@5', 'c u3@20', 'd u4@21']);
  assert.match(counted, /lists_total\{stream="pods\.v1",why="expired"\} 1/);
  assert.match(counted, /controller_objects\{stream="pods\.v1"\} 3/);
});

test('an informer is synced when the first list is complete, in a stream as in pages, and not before', async () => {
  const { told, syncedAfter } = await play(
    [
      ['streaming list', lines('ADDED a u1@5')],
      ['list', page('6', ['a u1@5', 'b u2@6'], 'more')],
      ['page more', page('6', ['c u3@6'])],
    ],
    'watch 6',
  );
  assert.deepEqual(told, ['added a u1@5, initial', 'added b u2@6, initial', 'added c u3@6, initial']);
  assert.equal(syncedAfter, 3);
});

test('an informer on nothing is synced', async () => {
  assert.equal((await play([['streaming list', openLines(endOfList('6'))]], 'watch 6')).syncedAfter, 0);
});

test('who subscribes later is told what is held, then what happens, until it leaves', async () => {
  const late: string[] = [];
  const gone: string[] = [];
  let leave = (): void => undefined;
  const { told } = await play(
    [
      ['streaming list', openLines('ADDED a u1@5', endOfList('6'))],
      ['watch 6', lines('MODIFIED a u1@7', 'ADDED b u2@8')],
    ],
    'head',
    {
      onEvent: (event, informer) => {
        if (event.is === 'updated') {
          informer.subscribe((it) => late.push(sentence(it)));
          leave = informer.subscribe((it) => gone.push(sentence(it)));
          leave();
        }
      },
    },
  );
  assert.equal(told.length, 3);
  assert.deepEqual(late, ['added a u1@7, initial', 'added b u2@8']);
  assert.deepEqual(gone, ['added a u1@7, initial']);
});

test('of an object everything is held but managedFields, or what the caller keeps', async () => {
  const metadata = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '5', managedFields: [{ manager: 'x' }] };
  const object = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata,
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running' },
  };
  const added = JSON.stringify({ type: 'ADDED', object });
  const script: readonly Exchange[] = [['streaming list', openLines(added, endOfList('6'))]];

  const whole = await play(script, 'watch 6');
  const { managedFields: _dropped, ...kept } = metadata;
  assert.deepEqual(whole.informer.get('n', 'a'), { ...object, metadata: kept });

  const keep = ({ apiVersion, kind, metadata: { name } }: KubeObject) => ({ apiVersion, kind, metadata: { name } });
  const projected = await play(script, 'watch 6', { wanted: { keep } });
  assert.deepEqual(projected.informer.get('n', 'a'), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
});

test('an informer of metadata asks for no more, and names the kind that the object has', async () => {
  const metadata = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '5' };
  const object = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  const { informer, requests } = await play(
    [['streaming list', openLines(JSON.stringify({ type: 'ADDED', object }), endOfList('6'))]],
    'watch 6',
    { wanted: { carries: 'metadata', labelSelector: 'app=web', namespace: 'n' } },
  );
  assert.deepEqual(informer.get('n', 'a'), { kind: 'Pod', apiVersion: 'v1', metadata });
  assert.match(requests[0]?.accept ?? '', /as=PartialObjectMetadata;/);
  assert.match(requests[0]?.url ?? '', /^\/api\/v1\/namespaces\/n\/pods\?.*labelSelector=app%3Dweb/);
});

test('a resource that is not there is asked for until it is, at most every 10 s, and said to be absent', async () => {
  const absent: Exchange = ['streaming list', refusal(404, 'NotFound')];
  const { clock, told, syncedAfter, logged, problems, counted } = await play(
    [
      ...Array.from({ length: 6 }, () => absent),
      ['streaming list', openLines('ADDED a u1@5', endOfList('6'))],
      ['watch 6', lines(bookmark('9'))],
    ],
    'head',
  );
  assert.deepEqual(clock.waits.slice(0, 6), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  assert.deepEqual([told, syncedAfter], [['added a u1@5, initial'], 1]);
  assert.equal(logged('resource cannot be watched yet').length, 6);
  assert.match(String(logged('resource cannot be watched yet')[0]?.['detail']), /answered 404 NotFound/);
  assert.match(problems[0] ?? '', /not been listed yet/);
  assert.match(problems[1] ?? '', /answered 404 NotFound/);
  assert.equal(problems.at(-1), undefined);
  assert.match(counted, /watch_interruptions_total\{stream="pods\.v1",reason="notFound"\} 6/);
});

test('when a resource goes and comes back, what went with it is deleted, and its absences are counted anew', async () => {
  const { clock, told, counted } = await play(
    [
      ['streaming list', openLines('ADDED a u1@5', 'ADDED b u2@6', endOfList('6'))],
      ['watch 6', lines(bookmark('9'))],
      ['head', refusal(404, 'NotFound')],
      ['streaming list', refusal(404, 'NotFound')],
      ['streaming list', openLines('ADDED a u9@30', endOfList('30'))],
      ['watch 30', refusal(404, 'NotFound')],
    ],
    'streaming list',
  );
  assert.deepEqual(told.slice(2), ['deleted a u1@5', 'added a u9@30', 'deleted b u2@6']);
  assert.deepEqual(clock.waits, [1_000, 2_000, 1_000]);
  assert.match(counted, /stream_established\{stream="pods\.v1"\} 0/);
});

test('a right that is missing is told, and passes', async () => {
  const { problems, logged, counted } = await play(
    [
      ['streaming list', refusal(403, 'Forbidden')],
      ['streaming list', openLines(endOfList('6'))],
      ['watch 6', lines(bookmark('9'))],
    ],
    'head',
  );
  assert.match(problems[1] ?? '', /answered 403 Forbidden/);
  assert.equal(problems[2], undefined, 'what is held is up to date');
  assert.equal(problems.at(-1), undefined);
  assert.equal(logged('watch interrupted')[0]?.['reason'], 'forbidden');
  assert.match(counted, /watch_interruptions_total\{stream="pods\.v1",reason="forbidden"\} 1/);
});

test('an object that is not JSON inside is told, and the others are held', async () => {
  const broken = lineOf('ADDED a u1@5').replace('"kind":"Pod"', '"kind":"Pod","spec":{"a":01}');
  const { told, logged, counted, informer } = await play(
    [['streaming list', openLines(broken, 'ADDED b u2@6', endOfList('6'))]],
    'watch 6',
  );
  assert.deepEqual(told, ['added b u2@6, initial']);
  assert.deepEqual(held(informer), ['b u2@6']);
  assert.equal(logged('answer not understood')[0]?.['name'], 'a');
  assert.match(counted, /malformed_total\{stream="pods\.v1"\} 1/);
});

test('an informer that has ended leaves no gauges behind', async () => {
  const { registry } = await play([['streaming list', openLines('ADDED a u1@5', endOfList('6'))]], 'watch 6');
  await eventually('the gauges to go', async () => {
    const text = await registry.metrics();
    return !/controller_(objects|stream_established)\{/.test(text);
  });
});

/**
 * Runs an informer of Pods against a server that expects exactly the requests of `script`, in this order, and then
 * `until`. Waits take no time.
 */
async function play(
  script: readonly Exchange[],
  until: string,
  options: {
    readonly wanted?: Partial<Informed<KubeObject>>;
    readonly onEvent?: (event: InformerEvent<KubeObject>, informer: Informer<KubeObject>) => void;
  } = {},
) {
  const clock = fakeClock();
  const stop = new AbortController();
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const asked: string[] = [];
  const problems: (string | undefined)[] = [];
  await using server = await scriptedServer((request, response) => {
    const question = questionOf(request);
    const exchange = script[asked.length];
    asked.push(question);
    problems.push(informer.problem);
    if (exchange?.[0] === question) exchange[1](response, clock);
    else end();
  });
  await using kube = clientOf(server.url);
  const { log, entries } = recordedLog();
  const metrics = createControllerMetrics();
  const wanted: Informed<KubeObject> = { resource: PODS, carries: 'objects', ...options.wanted };
  const informer = startInformer(wanted, { kube, clock, log, metrics }, stop.signal);
  const told: string[] = [];
  let syncedAfter: number | undefined;
  informer.subscribe((event) => {
    told.push(sentence(event));
    options.onEvent?.(event, informer);
  });
  void informer.synced.then(() => (syncedAfter = told.length));
  await clock.settle(over);
  const counted = await metrics.registry.metrics();
  stop.abort();
  await turn();
  assert.deepEqual(asked, [...script.map(([question]) => question), until]);
  return {
    clock,
    told,
    informer,
    syncedAfter,
    problems,
    counted,
    registry: metrics.registry,
    requests: server.requests.map(({ url, headers }) => ({ url, accept: headers.accept })),
    logged: (message: string) => entries.filter((entry) => entry['msg'] === message),
  };
}

function sentence(event: InformerEvent<KubeObject>): string {
  const before = event.is === 'updated' ? ` from ${versionOf(event.old)}` : '';
  const initial = event.is === 'added' && event.initial ? ', initial' : '';
  return `${event.is} ${event.object.metadata.name} ${versionOf(event.object)}${before}${initial}`;
}

function versionOf({ metadata: { uid, resourceVersion } }: KubeObject): string {
  return `${uid}@${resourceVersion}`;
}

function held(informer: Informer<KubeObject>): string[] {
  return Array.from(informer.list(), (object) => `${object.metadata.name} ${versionOf(object)}`).toSorted();
}
