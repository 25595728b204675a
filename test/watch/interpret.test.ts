import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInterpreter, type Interpretation, type Interpreter, type Paged } from '../../src/watch/interpret.ts';
import { createKnownObjects, type KnownObjects } from '../../src/watch/known-objects.ts';
import { readListPage } from '../../src/watch/list-page.ts';
import type { Stream } from '../../src/watch/requests.ts';
import type { StreamNews } from '../../src/watch/stream-news.ts';
import {
  type Auditing,
  FIRST,
  type Listing,
  type Recalling,
  type Remembering,
  resumed,
  type Watching,
  type WatchState,
} from '../../src/watch/watch-state.ts';
import { bookmark, endOfList, errorLine, headOf, knownIn, lineOf, objectText, pageOf, sentenceOf } from './objects.ts';
import { PODS } from './pods.ts';

const WATCHING: Watching = { ...resumed({ resourceVersion: '10', epoch: 0 }, true), at: 'watching' };
const EXPIRED: Listing = { ...FIRST, why: 'expired', since: '10' };

interface Bench extends Interpreter {
  readonly known: KnownObjects;
  readonly news: StreamNews[];
}

function bench(options: Partial<Stream> = {}, ...objects: readonly string[]): Bench {
  const known = createKnownObjects();
  for (const object of objects) known.remember(headOf(object));
  const news: StreamNews[] = [];
  return { ...createInterpreter({ ...PODS, ...options }, known, (it) => news.push(it)), known, news };
}

function linesOf(...lines: readonly string[]): Buffer[] {
  return lines.map((line) => Buffer.from(/^[A-Z]/.test(line) ? lineOf(line) : line));
}

function page(it: Interpreter, state: Paged, text: string): Interpretation {
  return it.page(state, readListPage(Buffer.from(text), PODS.resource));
}

function told({ changes }: Interpretation): string[] {
  return changes.map(sentenceOf);
}

function positionOf(state: WatchState): string {
  return state.at === 'watching' ? state.resourceVersion : assert.fail(state.at);
}

test('lines are told in their order, and each moves the position', () => {
  const it = bench();
  const read = it.lines(WATCHING, linesOf('ADDED a u1@11', bookmark('12'), 'MODIFIED a u1@13', 'DELETED a u1@14'));
  assert.deepEqual(told(read), ['add a u1@11', 'update a u1@13 over u1@11', 'delete a u1@14 over u1@13']);
  assert.equal(positionOf(read.state), '14');
  assert.equal(read.failure, undefined);
  assert.deepEqual(it.news, []);
});

test('where the stored index is newer than the position, nothing is made up and no delete gets another id', () => {
  // The index was stored after `a` was deleted and `b` was made anew; the position is from before.
  const it = bench({}, 'b u3@20');
  const replayed = ['DELETED a u1@11', 'MODIFIED b u2@12', 'ADDED c u4@13', 'DELETED c u4@14', 'DELETED b u2@15'];
  const read = it.lines(WATCHING, linesOf(...replayed, 'ADDED b u3@20', 'MODIFIED b u3@21'));
  assert.deepEqual(told(read), ['add c u4@13', 'delete c u4@14 over u4@13', 'update b u3@21 over u3@20']);
  assert.equal(positionOf(read.state), '21');
  assert.deepEqual(knownIn(it.known), ['b u3@21']);
});

test('what comes twice is told once', () => {
  const it = bench();
  const twice = ['ADDED a u1@11', bookmark('11'), 'MODIFIED a u1@12', 'DELETED a u1@13'].flatMap((line) => [
    line,
    line,
  ]);
  const read = it.lines(WATCHING, linesOf(...twice));
  assert.deepEqual(told(read), ['add a u1@11', 'update a u1@12 over u1@11', 'delete a u1@13 over u1@12']);
  assert.deepEqual(
    it.news.map((news) => news.is === 'suppressed' && `${news.reason} ${news.object.resourceVersion}`),
    ['duplicate 11', 'duplicate 12', 'duplicate 13'],
  );
});

test('a delete of an object that is not known was told before, unless it is not known what existed', () => {
  const rows: [knowsAll: boolean, told: string[]][] = [
    [true, []],
    [false, ['delete a u1@11']],
  ];
  for (const [knowsAll, expected] of rows) {
    const it = bench();
    const read = it.lines({ ...WATCHING, knowsAll }, linesOf('DELETED a u1@11'));
    assert.deepEqual(told(read), expected);
    assert.equal(positionOf(read.state), '11');
    assert.equal(it.news.length, knowsAll ? 1 : 0);
  }
});

test('after a server went back in time, a delete at a version that was told before is another delete', () => {
  const it = bench({ carries: 'metadata' }, 'a u1@11');
  assert.deepEqual(told(it.lines(WATCHING, linesOf('DELETED a u1@12'))), ['delete a u1@12 over u1@11']);
  it.beginList();
  const list = page(it, { ...FIRST, why: 'rewound' }, pageOf('11', ['a u1@11']));
  assert.deepEqual(told(list), ['add a u1@11 by comparison']);
  assert.deepEqual(told(it.lines(list.state, linesOf('DELETED a u1@12'))), ['delete a u1@12 over u1@11']);
});

test('what fails ends the batch: what came before it is told, what comes after it is not', () => {
  const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 10 (99)' };
  const rows: [line: string, code: string, message: RegExp][] = [
    ['not JSON', 'malformed', /The watch sent a line without a type/],
    ['MODIFIED a u1@10', 'malformed', /resourceVersion 10 after 11; versions of a watch never go back/],
    [bookmark('9'), 'malformed', /resourceVersion 9 after 11/],
    [errorLine(gone), 'expired', /410 Expired: too old resource version/],
    [errorLine({ ...gone, reason: undefined }), 'expired', /410: too old/],
    [errorLine({ code: 500, reason: 'InternalError' }), 'serverError', /500 InternalError/],
    [errorLine({ code: 403, reason: 'Forbidden' }), 'forbidden', /403 Forbidden/],
    [errorLine({ code: '410' }), 'serverError', /500/],
    ['{"type":"ERROR","object":{"code":1e400}}', 'serverError', /500/],
    [errorLine({ code: -1 }), 'serverError', /500/],
    [errorLine({}), 'serverError', /500/],
    [errorLine(null), 'serverError', /500/],
    [errorLine('text'), 'serverError', /500: text/],
    [errorLine({ code: 500, message: `\n\u001b[31m${'x'.repeat(1_000_000)}` }), 'serverError', /^.{1,400}$/],
  ];
  for (const [line, code, message] of rows) {
    const it = bench();
    const read = it.lines(WATCHING, linesOf('ADDED a u1@11', line, 'ADDED b u2@12'));
    assert.deepEqual(told(read), ['add a u1@11'], line);
    assert.equal(positionOf(read.state), '11');
    assert.equal(read.failure?.code, code, line.slice(0, 100));
    assert.match(read.failure?.message ?? '', message);
  }
});

test('a streaming list tells what exists, ends at its bookmark, and leaves what follows to the watch', () => {
  const it = bench({ initialEvents: 'all' });
  it.beginList();
  const first = it.lines(FIRST, linesOf('ADDED b u2@3', 'ADDED a u1@8', bookmark('8')));
  assert.deepEqual(told(first), ['add b u2@3 by list', 'add a u1@8 by list']);
  assert.equal(first.state, FIRST);
  const last = it.lines(first.state, linesOf('ADDED c u3@1', endOfList('9'), 'MODIFIED a u1@10'));
  assert.deepEqual(told(last), ['add c u3@1 by list']);
  assert.equal(positionOf(last.state), '9');
  assert.deepEqual(knownIn(it.known), ['a u1@8', 'b u2@3', 'c u3@1']);
  const found = { objects: 3, added: 3, updated: 0, deleted: 0 };
  assert.deepEqual(it.news, [
    { is: 'listed', why: 'start', since: undefined, resourceVersion: '9', lost: 'nothing', found },
  ]);
});

// The API server sends an end bookmark only once its cache has reached the version, and what happens meanwhile comes
// before the bookmark (apiserver, cache_watcher.go).
test('what changes while a streaming list runs is told as well, deletes above all', () => {
  const it = bench({ carries: 'metadata' }, 'b u2@3', 'd u4@4');
  it.beginList();
  const listed = ['ADDED a u1@5', 'ADDED b u2@3', 'ADDED c u3@6', 'ADDED d u4@4'];
  const meanwhile = ['MODIFIED a u1@11', 'DELETED b u2@12', 'DELETED c u3@13', 'DELETED d u4@14', 'ADDED d u5@15'];
  const read = it.lines(EXPIRED, linesOf(...listed, ...meanwhile, endOfList('16')));
  assert.deepEqual(told(read), [
    'add a u1@5 by comparison',
    'add c u3@6 by comparison',
    'update a u1@11 over u1@5 by comparison',
    'delete b u2@12 over u2@3',
    'delete c u3@13 over u3@6',
    'delete d u4@14 over u4@4',
    'add d u5@15 by comparison',
  ]);
  assert.deepEqual(knownIn(it.known), ['a u1@11', 'd u5@15']);
});

test('a first list that is not to be told only makes its objects known', () => {
  const it = bench({ initialEvents: 'none' });
  it.beginList();
  const interrupted = page(it, FIRST, pageOf('9', ['a u1@5', 'b u2@6'], 'more'));
  assert.deepEqual(told(interrupted), []);
  it.beginList();
  const read = page(it, FIRST, pageOf('12', ['a u1@10', 'c u3@11']));
  assert.deepEqual(told(read), []);
  assert.equal(positionOf(read.state), '12');
  assert.deepEqual(knownIn(it.known), ['a u1@10', 'c u3@11']);
  assert.deepEqual(told(it.lines(read.state, linesOf('MODIFIED a u1@13'))), ['update a u1@13 over u1@10']);
});

test('a list after a gap is compared with what was known, page by page', () => {
  const it = bench({ carries: 'metadata' }, 'a u1@5', 'b u2@6', 'c u3@7', 'd u4@8');
  it.beginList();
  const first = page(it, { ...EXPIRED, form: 'pages' }, pageOf('20', ['a u1@5', 'b u2@16'], 'more'));
  assert.deepEqual(told(first), ['update b u2@16 over u2@6 by comparison']);
  assert.equal(first.state.at === 'listing' && first.state.continueToken, 'more');
  const last = page(it, first.state as Listing, pageOf('20', ['c u9@17', 'e u5@18']));
  assert.deepEqual(told(last), [
    'delete c u3@7 over u3@7 by comparison, without body',
    'add c u9@17 by comparison',
    'add e u5@18 by comparison',
    'delete d u4@8 over u4@8 by comparison, without body',
  ]);
  assert.equal(positionOf(last.state), '20');
  const found = { objects: 4, added: 2, updated: 1, deleted: 2 };
  assert.deepEqual(it.news, [
    { is: 'listed', why: 'expired', since: '10', resourceVersion: '20', lost: 'states', found },
  ]);
});

test('the last bodies of what is gone are looked for in the past, and told with what is found', () => {
  const it = bench({}, 'a u1@5', 'b u2@6', 'c u3@7');
  it.beginList();
  const list = page(it, EXPIRED, pageOf('20', ['a u1@5']));
  assert.deepEqual(told(list), []);
  const recalling = list.state.at === 'recalling' ? list.state : assert.fail(list.state.at);
  assert.deepEqual([recalling.since, recalling.resourceVersion], ['10', '20']);

  const first = page(it, recalling, pageOf('10', ['a u1@5', 'b u2@6'], 'more'));
  assert.deepEqual(told(first), ['delete b u2@6 over u2@6 by comparison']);
  assert.deepEqual(JSON.parse(String(first.changes[0]?.body)), JSON.parse(objectText('b u2@6')));
  // Another object of the name is not the one that is gone.
  const last = page(it, first.state as Recalling, pageOf('10', ['c u0@2']));
  assert.deepEqual(told(last), ['delete c u3@7 over u3@7 by comparison, without body']);
  assert.equal(positionOf(last.state), '20');
  assert.deepEqual(knownIn(it.known), ['a u1@5']);
  const found = { objects: 1, added: 0, updated: 0, deleted: 2 };
  assert.deepEqual(it.news, [
    { is: 'listed', why: 'expired', since: '10', resourceVersion: '20', lost: 'states', found },
  ]);
});

test('once all that is gone has been found in the past, no further page is asked for', () => {
  const it = bench({}, 'a u1@5');
  it.beginList();
  const recalling = page(it, EXPIRED, pageOf('20', [])).state as Recalling;
  const read = page(it, recalling, pageOf('10', ['a u1@5', 'b u2@6'], 'more'));
  assert.deepEqual(told(read), ['delete a u1@5 over u1@5 by comparison']);
  assert.equal(positionOf(read.state), '20');
});

test('where the past cannot be had, what is gone is told without a body', () => {
  const it = bench({}, 'a u1@5', 'b u2@6');
  it.beginList();
  const recalling = page(it, EXPIRED, pageOf('20', [])).state as Recalling;
  const changes = it.withoutBodies(recalling);
  assert.deepEqual(changes.map(sentenceOf), [
    'delete a u1@5 over u1@5 by comparison, without body',
    'delete b u2@6 over u2@6 by comparison, without body',
  ]);
  assert.deepEqual(knownIn(it.known), []);
  assert.equal(it.news.length, 1);
});

test('whoever looks at objects that are not told sees each as it is or was at the position, and nothing that is told', () => {
  const seen: string[] = [];
  const sees: Stream['sees'] = ({ name, uid, resourceVersion }, body) => {
    assert.ok(body.toString().includes(resourceVersion));
    seen.push(`${name} ${uid}@${resourceVersion}`);
  };
  const start = bench({ sees });
  page(start, { ...FIRST, form: 'pages' }, pageOf('10', ['a u1@5', 'b u2@6']));
  assert.deepEqual(seen.splice(0), ['a u1@5', 'b u2@6']);
  const telling = bench({ sees, initialEvents: 'all' });
  assert.equal(page(telling, { ...FIRST, form: 'pages' }, pageOf('10', ['a u1@5'])).changes.length, 1);
  assert.deepEqual(seen.splice(0), []);
  const again = bench({ sees }, 'a u1@5', 'b u2@6');
  assert.equal(page(again, { ...EXPIRED, form: 'pages' }, pageOf('20', ['a u1@5', 'b u2@15'])).changes.length, 1);
  assert.deepEqual(seen.splice(0), ['a u1@5']);
  // Of `a` a later state is known than the one at the position.
  const resuming = bench({ sees }, 'a u1@15', 'b u2@6');
  page(resuming, { ...FIRST, at: 'remembering', since: '10' }, pageOf('10', ['a u1@5', 'b u2@6', 'c u3@7']));
  assert.deepEqual(seen, ['b u2@6', 'c u3@7']);
});

test('what existed at the position becomes known, but nothing newer is forgotten for it', () => {
  const it = bench({}, 'a u1@15');
  const remembering: Remembering = { ...FIRST, at: 'remembering', since: '10' };
  const first = page(it, remembering, pageOf('10', ['a u1@5'], 'more'));
  const last = page(it, first.state as Remembering, pageOf('10', ['b u2@6']));
  assert.deepEqual([...told(first), ...told(last)], []);
  assert.deepEqual(knownIn(it.known), ['a u1@15', 'b u2@6']);
  assert.deepEqual(last.state.at === 'listing' && [last.state.why, last.state.since, last.state.knowsAll], [
    'expired',
    '10',
    true,
  ]);
});

test('a list that does not know what existed says that deletes may be lost', () => {
  const it = bench();
  it.beginList();
  const read = page(it, { ...EXPIRED, knowsAll: false }, pageOf('20', ['a u1@5', 'b u2@16']));
  assert.deepEqual(told(read), ['add b u2@16 by comparison']);
  assert.equal(it.news[0]?.is === 'listed' && it.news[0].lost, 'deletes');
});

test('an audit tells nothing, changes nothing and counts every difference', () => {
  const rows: [objects: string[], differences: number][] = [
    [['a u1@5', 'b u2@6'], 0],
    [['a u1@5', 'b u2@6', 'x x9@9'], 0],
    [['a u1@5'], 1],
    [['a u1@5', 'b u2@7'], 1],
    [['a u1@5', 'b u9@6'], 1],
    [['a u1@5', 'b u2@6', 'c u3@7'], 1],
    [['a u1@4', 'c u3@7', 'd u4@8'], 4],
  ];
  for (const [objects, differences] of rows) {
    const it = bench({ selects: (object) => !object.includes('"uid":"x') }, 'a u1@5', 'b u2@6');
    const auditing: Auditing = { ...FIRST, at: 'auditing', since: '10' };
    it.beginList();
    const first = page(it, auditing, pageOf('10', objects.slice(0, 1), 'more'));
    const last = page(it, first.state as Auditing, pageOf('10', objects.slice(1)));
    assert.deepEqual([...told(first), ...told(last)], []);
    assert.deepEqual(knownIn(it.known), ['a u1@5', 'b u2@6']);
    assert.deepEqual(it.news, [{ is: 'audited', resourceVersion: '10', differences }]);
    assert.equal(last.state.at, differences === 0 ? 'watching' : 'listing', objects.join());
  }
});

test('a page that is no list is told as news and fails, and so does a list that goes round in circles', () => {
  const it = bench();
  it.beginList();
  const pages: Listing = { ...EXPIRED, form: 'pages', continueToken: 'again' };
  const html = page(it, pages, '<html>');
  assert.equal(html.failure?.code, 'malformed');
  assert.deepEqual(it.news, [{ is: 'malformed', sentence: html.failure?.message }]);
  const circle = page(it, pages, pageOf('20', ['a u1@5'], 'again'));
  assert.equal(circle.failure?.code, 'malformed');
  assert.match(circle.failure?.message ?? '', /the same continue token/);
});

test('an object that is not selected is not told; one that no longer is, is forgotten', () => {
  const selects = (object: Buffer) => !object.includes('"uid":"x');
  const it = bench({ selects, initialEvents: 'all', carries: 'metadata' }, 'b x2@5');
  it.beginList();
  const listed = page(it, FIRST, pageOf('9', ['a u1@5', 'b x2@5', 'c x3@6']));
  assert.deepEqual(told(listed), ['add a u1@5 by list']);
  assert.deepEqual(knownIn(it.known), ['a u1@5']);
  const read = it.lines(
    listed.state,
    linesOf('ADDED d x4@10', 'DELETED d x4@11', 'MODIFIED c x3@12', 'DELETED a u1@13'),
  );
  assert.deepEqual(told(read), ['delete a u1@13 over u1@5']);
  assert.equal(positionOf(read.state), '13');
  assert.deepEqual(
    it.news.flatMap((news) => (news.is === 'suppressed' ? [`${news.reason} ${news.object.name}`] : [])),
    ['unselected b', 'unselected c', 'unselected d', 'unselected d', 'unselected c'],
  );
});

test('what existed at the position is remembered only where it is selected', () => {
  const it = bench({ selects: (object) => !object.includes('"uid":"x') });
  page(it, { ...FIRST, at: 'remembering', since: '10' }, pageOf('10', ['a u1@5', 'b x2@6']));
  assert.deepEqual(knownIn(it.known), ['a u1@5']);
});
