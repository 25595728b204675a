import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isOwnedBy, type OwnerFilter } from '../../src/events/owner-filter.ts';
import { anyDice, anyJson, layOut } from '../support/json-text.ts';

const ANY: OwnerFilter = { apiVersion: '', kind: '' };
const REPLICA_SET: OwnerFilter = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };

function object(metadata: unknown): Buffer {
  return Buffer.from(JSON.stringify({ kind: 'Pod', metadata, spec: { ownerReferences: [REPLICA_SET] } }));
}

test('an object passes when its controller, and nobody else, is of the wanted kind', () => {
  const controller = { ...REPLICA_SET, name: 'unit', uid: 'u', controller: true };
  const other = { apiVersion: 'v1', kind: 'Pod', name: 'unit', uid: 'v' };
  const rows: [what: string, owners: unknown, OwnerFilter, passes: boolean][] = [
    // Upstream's table: pkg/adapter/apiserver/filter_test.go.
    ['no owner', undefined, { apiVersion: 'v1', kind: 'Pod' }, false],
    ['an owner that is no controller', [{ ...controller, controller: false }], REPLICA_SET, false],
    ['a controller of another kind', [controller], { apiVersion: 'v1', kind: 'Pod' }, false],
    ['a controller of the kind', [controller], REPLICA_SET, true],
    ['a controller of the kind in any version', [controller], { apiVersion: '', kind: 'ReplicaSet' }, true],

    ['any kind in one version', [controller], { apiVersion: 'apps/v1', kind: '' }, true],
    ['any kind in another version', [controller], { apiVersion: 'apps/v2', kind: '' }, false],
    ['any controller', [controller], ANY, true],
    ['any controller, where there is none', [other], ANY, false],
    ['no owners', [], ANY, false],
    ['an owner that does not say whether it controls', [{ ...REPLICA_SET, name: 'unit' }], REPLICA_SET, false],
    ['a controller after another owner', [other, controller], REPLICA_SET, true],
    [
      'another owner of the kind',
      [
        { ...other, controller: true },
        { ...controller, controller: false },
      ],
      REPLICA_SET,
      false,
    ],
    ['a kind in other letters', [controller], { apiVersion: 'apps/v1', kind: 'replicaset' }, false],
    ['controller as text', [{ ...controller, controller: 'true' }], REPLICA_SET, false],
    ['a controller without a kind', [{ controller: true }], REPLICA_SET, false],
    ['owners that are no list', controller, REPLICA_SET, false],
    ['entries that are no owners', [null, 7, 'ReplicaSet', [], controller], REPLICA_SET, true],
  ];
  for (const [what, ownerReferences, owner, passes] of rows) {
    assert.equal(isOwnedBy(object({ name: 'unit', ownerReferences }), owner), passes, what);
  }
});

test('the filter agrees with JSON.parse on any JSON', () => {
  const reference = fc.record(
    {
      apiVersion: fc.constantFrom('apps/v1', 'v1'),
      kind: fc.constantFrom('ReplicaSet', 'Pod'),
      controller: fc.constantFrom(true, false, null),
      more: anyJson(),
    },
    { requiredKeys: [] },
  );
  const owners = fc.oneof(fc.array(fc.oneof(reference, anyJson()), { maxLength: 4 }), anyJson());
  const metadata = fc.oneof(
    fc.record({ ownerReferences: owners, labels: anyJson(), name: anyJson() }, { requiredKeys: [] }),
    anyJson(),
  );
  const any = fc.oneof(fc.record({ metadata, spec: anyJson() }, { requiredKeys: [] }), anyJson());
  const filter = fc.record({
    apiVersion: fc.constantFrom('', 'apps/v1'),
    kind: fc.constantFrom('', 'ReplicaSet', 'Pod'),
  });
  fc.assert(
    fc.property(any, anyDice(), filter, (value, dice, owner) => {
      const text = layOut(value, dice);
      assert.equal(isOwnedBy(Buffer.from(text), owner), isOwnedByParsing(text, owner));
    }),
  );
});

test('no bytes make the filter throw', () => {
  const whole = object({ ownerReferences: [{ ...REPLICA_SET, controller: true }] });
  for (let length = 0; length < whole.length; length++) {
    assert.doesNotThrow(() => isOwnedBy(whole.subarray(0, length), REPLICA_SET));
  }
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Buffer.from(whole);
      damaged[at] = byte;
      assert.doesNotThrow(() => isOwnedBy(damaged, REPLICA_SET));
    }),
  );
});

function isOwnedByParsing(text: string, { apiVersion, kind }: OwnerFilter): boolean {
  const owners = member(member(JSON.parse(text), 'metadata'), 'ownerReferences');
  const controller = Array.isArray(owners) ? owners.find((it) => member(it, 'controller') === true) : undefined;
  if (controller === undefined) return false;
  const wanted = (value: string, found: unknown) => value === '' || value === found;
  return wanted(apiVersion, member(controller, 'apiVersion')) && wanted(kind, member(controller, 'kind'));
}

function member(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
