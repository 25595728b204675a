import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { partsChanged } from '../../../src/events/conditions/changed-parts.ts';
import { createDigestTable } from '../../../src/events/conditions/digest-table.ts';
import { type Part, PARTS, partsDigester } from '../../../src/events/conditions/parts.ts';
import type { Change } from '../../../src/watch/change.ts';
import { changeOf } from '../changes.ts';
import { anyCorruption, anyObjectText } from '../shaping/any-object.ts';

const BASE = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: {
    name: 'a',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    labels: { a: '1' },
    annotations: { a: '1' },
    finalizers: ['a'],
    ownerReferences: [{ uid: '1' }],
    managedFields: [{ manager: 'a' }],
  },
  spec: { replicas: 1 },
  status: { phase: 'Pending' },
};

function metadata(more: object): object {
  return { ...BASE, metadata: { ...BASE.metadata, ...more } };
}

const DIFFERENT: readonly (readonly [part: Part | undefined, object: object])[] = [
  [undefined, metadata({ resourceVersion: '2' })],
  [undefined, metadata({ generation: 2, managedFields: [{ manager: 'b' }], selfLink: '/x' })],
  [undefined, { ...BASE, kind: 'Pods', apiVersion: 'v2' }],
  ['Spec', { ...BASE, spec: { replicas: 2 } }],
  ['Spec', { ...BASE, data: { labels: {} } }],
  ['Status', { ...BASE, status: { phase: 'Running' } }],
  ['Labels', metadata({ labels: { a: '2' } })],
  ['Annotations', metadata({ annotations: {} })],
  ['Finalizers', metadata({ finalizers: [] })],
  ['Metadata', metadata({ deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ['Metadata', metadata({ ownerReferences: [] })],
];

const change = (type: Change['type'], body: object | string | undefined, uid = 'u'): Change =>
  changeOf({
    type,
    object: { namespace: 'shop', name: 'a', uid, resourceVersion: '1' },
    body: body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });

test('an update holds exactly where a wanted part changed', () => {
  for (const wanted of PARTS) {
    for (const [part, object] of DIFFERENT) {
      const { holds } = partsChanged([wanted]);
      assert.ok(holds(change('add', BASE)));
      assert.equal(holds(change('update', object)), part === wanted, `${wanted}: ${JSON.stringify(object)}`);
      assert.equal(holds(change('update', BASE)), part === wanted, 'and back');
    }
  }
});

test('one of several parts is enough, and a part that is not wanted may change meanwhile', () => {
  const { holds } = partsChanged(['Spec', 'Labels']);
  assert.ok(holds(change('add', BASE)));
  assert.ok(!holds(change('update', { ...BASE, status: {} })));
  assert.ok(holds(change('update', { ...BASE, status: {}, spec: {} })));
  assert.ok(!holds(change('update', { ...BASE, spec: {} })));
});

test('the first update of an object that was not seen holds', () => {
  const { holds } = partsChanged(['Spec']);
  assert.ok(holds(change('update', BASE)));
  assert.ok(!holds(change('update', metadata({ resourceVersion: '2' }))));
});

test('adds and deletes hold, and a delete forgets', () => {
  const { holds } = partsChanged(['Spec']);
  assert.ok(holds(change('add', BASE)));
  assert.ok(holds(change('add', BASE)), 'told again, as after a rewind');
  assert.ok(holds(change('delete', BASE)));
  assert.ok(holds(change('update', BASE)));
  assert.ok(holds(change('delete', undefined)));
  assert.ok(holds(change('update', BASE)));
});

test('equal objects of two uids are two objects', () => {
  const { holds } = partsChanged(['Spec']);
  assert.ok(holds(change('update', BASE, 'u1')));
  assert.ok(holds(change('update', BASE, 'u2')));
});

test('what is not understood holds, and so does what follows it', () => {
  const { holds } = partsChanged(['Spec', 'Labels']);
  assert.ok(holds(change('add', BASE)));
  assert.ok(holds(change('update', '{"spec":')));
  assert.ok(holds(change('update', BASE)));
});

test('no bytes make a digest throw, and the same bytes have the same one', () => {
  const digest = partsDigester(PARTS);
  fc.assert(
    fc.property(anyCorruption(anyObjectText), (bytes) => assert.deepEqual(digest(bytes, 'u'), digest(bytes, 'u'))),
    { numRuns: 200 },
  );
});

test('depth and size of an object cost time in proportion', () => {
  const { holds } = partsChanged(['Spec', 'Annotations']);
  const deep = `${'{"metadata":['.repeat(100_000)}1${']}'.repeat(100_000)}`;
  const long = (end: string): string =>
    `{"metadata":{"annotations":{"a":"${'\u2028\\"'.repeat(1_700_000)}"}},"spec":${deep},"data":"${end}"}`;
  assert.ok(Buffer.byteLength(long('')) > 8 * 1024 * 1024);
  assert.ok(holds(change('add', long('a'))));
  assert.ok(!holds(change('update', long('a'))));
  assert.ok(holds(change('update', long('b'))));
});

test('a digest table is a map of what was set and not deleted', () => {
  const uid = fc.nat(300).map((n) => `0c119059-7113-11e9-a6c5-${n}`);
  const operation = fc.record({ uid, digest: fc.option(fc.tuple(fc.nat(), fc.nat())) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 1_000, size: 'max' }), (operations) => {
      const table = createDigestTable();
      const map = new Map<string, readonly [number, number]>();
      for (const it of operations) {
        if (it.digest === null) table.delete(it.uid);
        else table.set(it.uid, it.digest);
        if (it.digest === null) map.delete(it.uid);
        else map.set(it.uid, it.digest);
      }
      assert.equal(table.size, map.size);
      for (let n = 0; n <= 300; n++) {
        const name = `0c119059-7113-11e9-a6c5-${n}`;
        assert.deepEqual(table.get(name), map.get(name));
      }
    }),
    { numRuns: 100 },
  );
});

test('a hundred thousand objects take less than 44 bytes each', () => {
  const table = createDigestTable();
  for (let n = 0; n < 100_000; n++) table.set(`0c119059-7113-41e9-a6c5-${n}`, [n, n]);
  assert.equal(table.size, 100_000);
  assert.ok(table.bytes / table.size < 44, String(table.bytes / table.size));
});
