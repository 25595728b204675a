import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packMemory, unpackMemory } from '../../../src/sources/ping/adapter/memory.ts';

const AT = fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }).map((seconds) => seconds * 1_000);

test('what is written down is read again', () => {
  const unsettled = fc.array(fc.record({ uid: fc.uuid(), at: AT }, { noNullPrototype: true }), { maxLength: 50 });
  fc.assert(
    fc.property(AT, unsettled, (until, left) => {
      assert.deepEqual(unpackMemory(packMemory({ until, unsettled: left })), { until, unsettled: left });
    }),
  );
});

test('with more unsettled times than there is room for, all since the oldest are repeated and none is lost', () => {
  const until = Date.UTC(2026);
  const unsettled = Array.from({ length: 3_000 }, (_, i) => ({ uid: `u${i}`, at: until - (i % 7) * 60_000 }));
  const text = packMemory({ until, unsettled });
  assert.ok(text.length < 1_000);
  const memory = unpackMemory(text);
  assert.ok(memory !== undefined && unsettled.every(({ at }) => at > memory.until));
});

test('it has room in the annotations of a Lease', () => {
  const uid = '0b5c7c9e-1c5e-4f0e-8e0b-3d1f0a2b4c6d';
  const unsettled = Array.from({ length: 2_000 }, () => ({ uid, at: Date.UTC(2026) }));
  assert.ok(packMemory({ until: 0, unsettled }).length < 200_000);
});

for (const text of ['', '{', '1', 'null', '{}', '{"until":"x","unsettled":[]}', '{"until":"2026-01-01T00:00:00Z"}']) {
  test(`"${text}" is no memory`, () => {
    assert.equal(unpackMemory(text), undefined);
  });
}
