import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { eventId, type IdScope, scopeHash } from '../../src/events/event-id.ts';
import { toCloudEvent } from '../../src/events/from-change.ts';
import type { Change, ObjectHead } from '../../src/watch/change.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import { observeGone, observeListed, observeWatched } from '../../src/watch/observe.ts';
import { FIRST } from '../../src/watch/watch-state.ts';
import { changeOf, originOf } from './changes.ts';

const BODY = Buffer.from('{}');
const SCOPE: IdScope = {
  source: 'f1e2d3c4-0000-4000-8000-000000000001',
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  mode: 'Resource',
};

const version = fc.integer({ min: 1, max: 2 ** 40 });
const head: fc.Arbitrary<ObjectHead> = fc.record({
  namespace: fc.constantFrom('', 'shop', 'other'),
  name: fc.constantFrom('a', 'b'),
  uid: fc.uuid(),
  resourceVersion: version.map(String),
});

/** Everything that an id stands for. */
interface Told {
  readonly scope: IdScope;
  readonly epoch: number;
  readonly isDelete: boolean;
  readonly uid: string;
  /** Of a delete: the version before it. */
  readonly resourceVersion: string;
}

/** The one change that `act` brings about where `object` is known already. */
function seen(object: ObjectHead, act: (known: ReturnType<typeof createKnownObjects>) => readonly Change[]): Change {
  const known = createKnownObjects();
  known.remember(object);
  const [change, ...more] = act(known);
  assert.ok(change);
  assert.deepEqual(more, []);
  return change;
}

test('ids never change between versions of the program: replays after an upgrade are recognised', () => {
  const scope = scopeHash(SCOPE);
  assert.equal(scope, '26e93914');
  const object = { ...changeOf({}).object, uid: 'u', resourceVersion: '1007' };
  const before = { uid: 'u', resourceVersion: '1001' };
  assert.equal(eventId(scope, 0, changeOf({ type: 'add', object })), `${scope}.0.u.1007`);
  assert.equal(eventId(scope, 0, changeOf({ type: 'update', object, before })), `${scope}.0.u.1007`);
  assert.equal(eventId(scope, 0, changeOf({ type: 'delete', object, before })), `${scope}.0.u.1001.d`);
  assert.equal(eventId(scope, 0, changeOf({ type: 'delete', object })), `${scope}.0.u.1007.d`);
  assert.equal(eventId(scope, 36, changeOf({ type: 'add', object })), `${scope}.10.u.1007`);
});

test('a change has the same source and id on every attempt, whenever that is', () => {
  fc.assert(
    fc.property(head, fc.nat(), fc.nat(), (it, now, later) => {
      const told = (at: number) => {
        const { source, id } = toCloudEvent(changeOf({ object: it }), originOf({}), { epoch: 3, now: at });
        return { source, id };
      };
      assert.deepEqual(told(now), told(later));
    }),
  );
});

test('a state has one id, whether a watch or a list told it, and whether as an add or an update', () => {
  fc.assert(
    fc.property(head, version, (before, newer) => {
      const after = { ...before, resourceVersion: String(Number(before.resourceVersion) + newer) };
      const list = { ...FIRST, why: 'expired', since: before.resourceVersion } as const;
      const ways = [
        seen(before, (known) => observeWatched(known, 'MODIFIED', after, BODY).changes),
        seen(before, (known) => observeWatched(known, 'ADDED', after, BODY).changes),
        seen(before, (known) => observeListed(known, list, after, BODY).changes),
        ...observeWatched(createKnownObjects(), 'ADDED', after, BODY).changes,
        ...observeListed(createKnownObjects(), list, after, BODY).changes,
      ];
      assert.equal(ways.length, 5);
      assert.equal(new Set(ways.map((change) => eventId('s', 0, change))).size, 1);
    }),
  );
});

test('the delete of an object has one id, whether it was watched or recovered, and by whatever it was recovered', () => {
  fc.assert(
    fc.property(head, version, fc.uuid(), (last, newer, otherUid) => {
      const deletedAt = { ...last, resourceVersion: String(Number(last.resourceVersion) + newer) };
      const successor = { ...deletedAt, uid: otherUid };
      const ways = [
        seen(last, (known) => observeWatched(known, 'DELETED', deletedAt, BODY).changes),
        seen(last, (known) => observeWatched(known, 'DELETED', last, BODY).changes),
        seen(last, (known) => [observeGone(known, last, undefined)]),
        seen(last, (known) => [observeGone(known, last, BODY)]),
        seen(last, (known) => observeWatched(known, 'ADDED', successor, BODY).changes.slice(0, 1)),
      ];
      assert.equal(new Set(ways.map((change) => eventId('s', 0, change))).size, 1);
    }),
  );
});

test('different sources, resources, modes, epochs and changes have different ids', () => {
  const anyScope: fc.Arbitrary<IdScope> = fc.record({
    source: fc.constantFrom('uid-1', 'uid-2', 'shop/events', 'shop/event', 'shops/event'),
    group: fc.constantFrom('', 'apps', 'batch'),
    version: fc.constantFrom('v1', 'v2'),
    plural: fc.constantFrom('pods', 'jobs'),
    mode: fc.constantFrom('Resource', 'Reference'),
  });
  const change: fc.Arbitrary<Told> = fc.record({
    scope: anyScope,
    epoch: fc.constantFrom(0, 1, 35, 36),
    isDelete: fc.boolean(),
    uid: fc.constantFrom('u1', 'u2'),
    resourceVersion: fc.constantFrom('1', '10', '100'),
  });
  const idOf = ({ scope, epoch, isDelete, uid, resourceVersion }: Told): string => {
    const object = { ...changeOf({}).object, uid, resourceVersion };
    return eventId(scopeHash(scope), epoch, changeOf({ type: isDelete ? 'delete' : 'update', object }));
  };
  const parts = ['scope', 'epoch', 'isDelete', 'uid', 'resourceVersion'] as const;
  fc.assert(
    fc.property(change, change, fc.subarray([...parts]), (one, another, differing) => {
      const other = { ...one, ...Object.fromEntries(differing.map((part) => [part, another[part]])) };
      const same = parts.every((part) => JSON.stringify(one[part]) === JSON.stringify(other[part]));
      assert.equal(idOf(one) === idOf(other), same);
    }),
    { numRuns: 1_000 },
  );
});

test('the version of another object of the same name does not name a delete', () => {
  const object = { ...changeOf({}).object, uid: 'u', resourceVersion: '9' };
  const before = { uid: 'another', resourceVersion: '5' };
  assert.equal(eventId('s', 0, changeOf({ type: 'delete', object, before })), 's.0.u.9.d');
});

test('two sources that differ in one part only have different scopes', () => {
  const others: IdScope[] = [
    { ...SCOPE, source: 'f1e2d3c4-0000-4000-8000-000000000002' },
    { ...SCOPE, group: 'extensions' },
    { ...SCOPE, version: 'v1beta1' },
    { ...SCOPE, plural: 'replicasets' },
    { ...SCOPE, mode: 'Reference' },
    // The parts run into each other without a separator between them.
    { ...SCOPE, group: 'appsv', version: '1' },
  ];
  assert.equal(new Set([SCOPE, ...others].map(scopeHash)).size, 7);
});

test('an id is plain text that no header and no URL has to encode', () => {
  fc.assert(
    fc.property(head, fc.boolean(), fc.nat(), (it, isDelete, epoch) => {
      const id = eventId(scopeHash(SCOPE), epoch, changeOf({ type: isDelete ? 'delete' : 'add', object: it }));
      assert.match(id, /^[0-9a-f]{8}\.[0-9a-z]+\.[0-9a-f-]{36}\.\d+(\.d)?$/);
    }),
  );
});
