import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { createInterpreter, type Interpreter } from '../../src/watch/interpret.ts';
import { createKnownObjects, type KnownObjects } from '../../src/watch/known-objects.ts';
import { readListPage } from '../../src/watch/list-page.ts';
import { allBut, type ChangingScope, createScope, type Entry } from '../../src/watch/scope.ts';
import type { StreamNews } from '../../src/watch/stream-news.ts';
import { type Auditing, type Entering, FIRST, resumed, type Watching } from '../../src/watch/watch-state.ts';
import { bookmark, endOfList } from './objects.ts';
import { PODS } from './pods.ts';
import { type Exchange, lines, linesFor, openLinesThen, play, refusal } from './scripted-stream.ts';

const WATCHING: Watching = { ...resumed({ resourceVersion: '10', epoch: 0 }, true), at: 'watching' };
const MINUTES = 300_000;

/** The JSON of a Pod: `shop/a u1@5`. */
function pod(text: string): string {
  const [, namespace, name, uid, resourceVersion] = /^(.+)\/(.+) (.+)@(.+)$/.exec(text) ?? [];
  return JSON.stringify({ kind: 'Pod', metadata: { namespace, name, uid, resourceVersion } });
}

/** A line of a watch: `ADDED shop/a u1@5`. */
function line(text: string): string {
  const [type = '', ...rest] = text.split(' ');
  return `{"type":"${type}","object":${pod(rest.join(' '))}}`;
}

function listOf(resourceVersion: string, pods: readonly string[], token?: string): string {
  return `{"metadata":${JSON.stringify({ resourceVersion, continue: token })},"items":[${pods.map(pod).join()}]}`;
}

function entering(...entries: readonly Entry[]): Entering {
  const { form, epoch, tries, knowsAll, resourceVersion } = WATCHING;
  return { at: 'entering', entries, form, epoch, tries, knowsAll, resourceVersion, continueToken: undefined };
}

interface Bench extends Interpreter {
  readonly known: KnownObjects;
  readonly news: StreamNews[];
  told(texts: readonly string[]): string[];
  knows(): string[];
}

function bench(scope: ChangingScope, ...objects: readonly string[]): Bench {
  const known = createKnownObjects();
  for (const object of objects) {
    const [, namespace = '', name = '', uid = '', resourceVersion = ''] = /^(.+)\/(.+) (.+)@(.+)$/.exec(object) ?? [];
    known.remember({ namespace, name, uid, resourceVersion });
  }
  const news: StreamNews[] = [];
  const it = createInterpreter({ ...PODS, scope }, known, (one) => news.push(one));
  return {
    ...it,
    known,
    news,
    told: (texts) => {
      const { changes } = it.lines(
        WATCHING,
        texts.map((text) => Buffer.from(line(text))),
      );
      return changes.map(({ type, object }) => `${type} ${object.namespace}/${object.name}@${object.resourceVersion}`);
    },
    knows: () => Array.from(known.all(), ({ namespace, name }) => `${namespace}/${name}`).toSorted(),
  };
}

test('what is outside the scope is neither told nor known, moves the position, and is counted once a read', () => {
  const it = bench(createScope(['in']));
  const read = it.lines(
    WATCHING,
    ['ADDED out/a u1@11', 'ADDED in/b u2@12', 'DELETED out/a u1@13', 'MODIFIED out/c u3@14'].map((text) =>
      Buffer.from(line(text)),
    ),
  );
  assert.deepEqual(
    read.changes.map(({ object }) => object.name),
    ['b'],
  );
  assert.equal(read.state.at === 'watching' && read.state.resourceVersion, '14');
  assert.deepEqual(it.knows(), ['in/b']);
  assert.deepEqual(it.news, [{ is: 'outside', objects: 3 }]);
});

test('a version that goes back is noticed outside the scope as well', () => {
  const it = bench(createScope(['in']));
  const read = it.lines(
    WATCHING,
    ['ADDED out/a u1@11', 'ADDED out/b u2@9'].map((text) => Buffer.from(line(text))),
  );
  assert.equal(read.failure?.code, 'malformed');
});

test('a list and an audit look at the scope only, so that nothing outside is a difference', () => {
  const it = bench(createScope(['in']), 'in/a u1@5');
  it.beginList();
  const auditing: Auditing = { ...FIRST, at: 'auditing', since: '10' };
  const read = it.page(auditing, readListPage(Buffer.from(listOf('10', ['in/a u1@5', 'out/b u2@6'])), PODS.resource));
  assert.equal(read.state.at, 'watching');
  assert.deepEqual(it.news, [
    { is: 'audited', resourceVersion: '10', differences: 0 },
    { is: 'outside', objects: 1 },
  ]);
});

test('all but some namespaces are a scope that never changes', () => {
  const scope = allBut(new Set(['kube-system']));
  assert.equal(scope.covers('kube-system'), false);
  assert.equal(scope.covers('shop'), true);
  assert.deepEqual(scope.entering(), []);
  assert.equal(scope.changed().aborted, false);
});

test('objects of a namespace that comes in silently are known as far as the watch will not repeat them', () => {
  const scope = createScope([]);
  scope.enter({ namespace: 'in', tells: false }, false);
  const it = bench(scope);
  const state = entering(...scope.entering());
  const pods = ['in/old u1@9', 'in/changed u2@12', 'out/x u3@3'];
  const read = it.page(state, readListPage(Buffer.from(listOf('15', pods)), PODS.resource));
  assert.deepEqual(read.changes, []);
  assert.deepEqual(it.knows(), ['in/old']);
  assert.equal(read.state.at === 'watching' && read.state.resourceVersion, '10');
  assert.deepEqual(it.told(['MODIFIED in/changed u2@12', 'DELETED in/old u1@13', 'ADDED in/new u4@14']), [
    'update in/changed@12',
    'delete in/old@13',
    'add in/new@14',
  ]);
});

test('objects of a namespace that comes in and is told are adds, and what has changed since is left to the watch', () => {
  const scope = createScope([]);
  scope.enter({ namespace: 'in', tells: true }, false);
  const it = bench(scope);
  const pods = ['in/old u1@9', 'in/new u2@12', 'in/touched u3@13'];
  const read = it.page(entering(...scope.entering()), readListPage(Buffer.from(listOf('15', pods)), PODS.resource));
  assert.deepEqual(
    read.changes.map(({ type, object, foundBy }) => [type, object.name, foundBy]),
    [['add', 'old', 'list']],
  );
  assert.deepEqual(
    it.told([
      'ADDED in/new u2@11',
      'MODIFIED in/new u2@12',
      'MODIFIED in/touched u3@13',
      'ADDED in/brief u4@14',
      'DELETED in/brief u4@15',
      'MODIFIED in/touched u3@16',
    ]),
    [
      'add in/new@11',
      'update in/new@12',
      'add in/touched@13',
      'add in/brief@14',
      'delete in/brief@15',
      'update in/touched@16',
    ],
  );
  assert.deepEqual(it.news.slice(0, 1), [{ is: 'entered', namespaces: ['in'], added: 1, objects: 1 }]);
});

test('a delete between the position and the list of a namespace that comes in is told, whether or not what exists is', () => {
  for (const tells of [false, true]) {
    const scope = createScope([]);
    scope.enter({ namespace: 'in', tells }, false);
    const it = bench(scope);
    it.page(entering(...scope.entering()), readListPage(Buffer.from(listOf('15', [])), PODS.resource));
    const told = it.told([
      'DELETED in/gone u1@11',
      'DELETED out/x u9@12',
      'DELETED in/told u2@16',
      'DELETED in/told u3@17',
    ]);
    assert.deepEqual(told, ['delete in/gone@11']);
  }
});

test('a namespace that leaves while it is listed stays outside', () => {
  const scope = createScope([]);
  scope.enter({ namespace: 'in', tells: true }, false);
  const it = bench(scope);
  const state = entering(...scope.entering());
  scope.leave('in');
  const read = it.page(state, readListPage(Buffer.from(listOf('15', ['in/a u1@9'])), PODS.resource));
  assert.deepEqual(read.changes, []);
  assert.deepEqual(it.knows(), []);
  assert.equal(scope.covers('in'), false);
});

test('a namespace that was just created needs no list, unless something in it was seen before', () => {
  const scope = createScope([]);
  scope.enter({ namespace: 'fresh', tells: true }, true);
  assert.equal(scope.covers('fresh'), true);
  assert.deepEqual(scope.entering(), []);
  assert.equal(scope.covers('raced'), false);
  scope.enter({ namespace: 'raced', tells: true }, true);
  assert.equal(scope.covers('raced'), false);
  assert.deepEqual(scope.entering(), [{ namespace: 'raced', tells: true }]);
});

test('few namespaces are listed one by one, and many in one list of the cluster', () => {
  const entries = Array.from({ length: 9 }, (_, number) => ({ namespace: `n${number}`, tells: false }));
  assert.equal(createScope([], entries.slice(0, 8)).entering().length, 1);
  assert.equal(createScope([], entries).entering().length, 9);
});

test('the open watch is ended for a namespace that comes in, and goes on at its position after the list', async () => {
  const scope = createScope(['first']);
  // Once the lines are read, which are on their way.
  const enterSoon = (): void => void setTimeout(enter, 100);
  const enter = (): void => {
    scope.enter({ namespace: 'second', tells: true }, false);
    scope.notify();
  };
  const script: Exchange[] = [
    ['streaming list', lines(line('ADDED first/a u1@5'), line('ADDED second/b u2@6'), endOfList('10'))],
    ['watch 10', openLinesThen(enterSoon, line('MODIFIED second/b u2@11'), bookmark('12'))],
    ['list', refusal(500, 'InternalError')],
    ['list', (response) => page(response, listOf('15', ['second/b u2@11', 'second/c u3@13'], 'more'))],
    ['page more', (response) => page(response, listOf('15', ['second/d u4@9']))],
    ['watch 12', linesFor(MINUTES, line('ADDED second/c u3@13'), line('ADDED second/e u5@16'))],
  ];
  const it = await play(script, { until: 'head', stream: { scope } });
  assert.deepEqual(it.told, ['add b u2@11 by list', 'add d u4@9 by list', 'add c u3@13', 'add e u5@16']);
  assert.equal(it.steps.at(-1)?.resumeAt, '16');
  assert.deepEqual(
    it.steps.filter(({ changes }) => changes.some(({ foundBy }) => foundBy === 'list')).map(({ resumeAt }) => resumeAt),
    [undefined, '12'],
  );
});

function page(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(text);
}
