import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  entryPageRequest,
  headRequest,
  pageRequest,
  pastPageRequest,
  type Stream,
  watchListRequest,
  watchRequest,
} from '../../src/watch/requests.ts';
import {
  type Auditing,
  type Entering,
  FIRST,
  type Listing,
  type Recalling,
  type Remembering,
  resumed,
  type Watching,
} from '../../src/watch/watch-state.ts';
import { PODS } from './pods.ts';

const SHOP: Stream = { ...PODS, namespace: 'shop', labelSelector: 'app in (a,b)' };
const REFERENCES: Stream = { ...PODS, carries: 'metadata' };
const TOLD: Stream = { ...PODS, initialEvents: 'all' };

const WATCHING: Watching = { ...resumed({ resourceVersion: '9', epoch: 0 }, true), at: 'watching' };
const EXPIRED: Listing = { ...FIRST, why: 'expired', since: '5' };
const REMEMBERING: Remembering = { ...FIRST, at: 'remembering', since: '5' };
const AUDITING: Auditing = { ...FIRST, at: 'auditing', since: '5' };
const RECALLING: Recalling = { ...FIRST, at: 'recalling', since: '5', resourceVersion: '9' };

const SILENT = { namespace: 'shop', tells: false };
const LOUD = { namespace: 'depot', tells: true };
const ENTERING: Entering = { ...FIRST, at: 'entering', entries: [SILENT], resourceVersion: '9' };

const WHOLE = 'application/json';
const REDUCED = /^application\/json;as=PartialObjectMetadata;v=v1;g=meta\.k8s\.io,application\/json$/;
const REDUCED_LIST = /^application\/json;as=PartialObjectMetadataList;v=v1;g=meta\.k8s\.io,application\/json$/;

test('a watch goes on after its version, with bookmarks, for five to ten minutes', () => {
  assert.deepEqual(watchRequest(SHOP, WATCHING, 0), {
    path: '/api/v1/namespaces/shop/pods',
    accept: WHOLE,
    query: {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: '9',
      timeoutSeconds: '300',
      labelSelector: 'app in (a,b)',
    },
  });
  assert.equal(watchRequest(PODS, WATCHING, 0.5).query?.['timeoutSeconds'], '450');
  assert.equal(watchRequest(PODS, WATCHING, 0.999_999).query?.['timeoutSeconds'], '599');
});

test('a list is of the newest state: no request for one names a version or zero', () => {
  for (const request of [watchListRequest(PODS, EXPIRED), pageRequest(PODS, EXPIRED), headRequest(PODS)]) {
    assert.equal(request.path, '/api/v1/pods');
    assert.equal(request.query?.['resourceVersion'], undefined);
  }
  const { query } = watchListRequest(PODS, EXPIRED);
  assert.equal(query?.['sendInitialEvents'], 'true');
  assert.equal(query['resourceVersionMatch'], 'NotOlderThan');
  assert.equal(query['allowWatchBookmarks'], 'true');
  assert.equal(pageRequest(PODS, EXPIRED).query?.['limit'], '500');
  assert.equal(headRequest(PODS).query?.['limit'], '1');
});

test('a further page is asked for by its token alone, the past by its exact version', () => {
  assert.deepEqual(pageRequest(PODS, { ...EXPIRED, continueToken: 'c' }).query, {
    limit: '500',
    continue: 'c',
    labelSelector: undefined,
  });
  for (const state of [REMEMBERING, AUDITING, RECALLING]) {
    const first = { limit: '500', resourceVersion: '5', resourceVersionMatch: 'Exact', labelSelector: 'app in (a,b)' };
    assert.deepEqual(pastPageRequest(SHOP, state).query, first);
    const next = { limit: '500', continue: 'c', labelSelector: 'app in (a,b)' };
    assert.deepEqual(pastPageRequest(SHOP, { ...state, continueToken: 'c' }).query, next);
  }
});

test('bodies are asked for only where they will be told', () => {
  const rows: [what: string, accept: string | undefined, expected: string | RegExp][] = [
    ['a watch', watchRequest(PODS, WATCHING, 0).accept, WHOLE],
    ['a watch for references', watchRequest(REFERENCES, WATCHING, 0).accept, REDUCED],
    ['a silent first list', watchListRequest(PODS, FIRST).accept, REDUCED],
    ['a silent first list in pages', pageRequest(PODS, FIRST).accept, REDUCED_LIST],
    ['a first list that is told', watchListRequest(TOLD, FIRST).accept, WHOLE],
    ['a first list that is told, in pages', pageRequest(TOLD, FIRST).accept, WHOLE],
    ['a list after a gap', watchListRequest(PODS, EXPIRED).accept, WHOLE],
    ['a list after a gap for references', pageRequest(REFERENCES, EXPIRED).accept, REDUCED_LIST],
    ['what existed', pastPageRequest(PODS, REMEMBERING).accept, REDUCED_LIST],
    ['an audit', pastPageRequest(PODS, AUDITING).accept, REDUCED_LIST],
    ['the last bodies', pastPageRequest(PODS, RECALLING).accept, WHOLE],
    ['a namespace that comes in silently', entryPageRequest(PODS, ENTERING).accept, REDUCED_LIST],
    ['one that is told', entryPageRequest(PODS, { ...ENTERING, entries: [LOUD] }).accept, WHOLE],
    [
      'one that is told by references',
      entryPageRequest(REFERENCES, { ...ENTERING, entries: [LOUD] }).accept,
      REDUCED_LIST,
    ],
    ['the head', headRequest(PODS).accept, REDUCED_LIST],
  ];
  for (const [what, accept = '', expected] of rows) {
    if (typeof expected === 'string') assert.equal(accept, expected, what);
    else assert.match(accept, expected, what);
  }
});

test('bodies are asked for where somebody looks at what is not told', () => {
  const seeing: Stream = { ...PODS, sees: () => undefined };
  assert.equal(watchListRequest(seeing, FIRST).accept, WHOLE);
  assert.equal(pageRequest(seeing, FIRST).accept, WHOLE);
  assert.equal(pastPageRequest(seeing, REMEMBERING).accept, WHOLE);
  assert.match(pastPageRequest(seeing, AUDITING).accept ?? '', REDUCED_LIST);
  assert.equal(entryPageRequest(seeing, ENTERING).accept, WHOLE);
});

test('one namespace that comes in is listed alone, and several with the whole cluster', () => {
  assert.equal(entryPageRequest(PODS, ENTERING).path, '/api/v1/namespaces/shop/pods');
  assert.equal(entryPageRequest(PODS, { ...ENTERING, entries: [SILENT, LOUD] }).path, '/api/v1/pods');
});

test('a field selector is in every request, as it is', () => {
  const stream: Stream = { ...PODS, fieldSelector: 'metadata.name=a' };
  const requests = [
    watchRequest(stream, WATCHING, 0),
    watchListRequest(stream, FIRST),
    pageRequest(stream, FIRST),
    pastPageRequest(stream, AUDITING),
    entryPageRequest(stream, ENTERING),
    headRequest(stream),
  ];
  for (const { query } of requests) assert.equal(query?.['fieldSelector'], 'metadata.name=a');
});
