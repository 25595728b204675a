import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readUid, writeUid } from '../../src/watch/uid-bytes.ts';

const PLACE = 3;

test('a uid as Kubernetes makes them comes back as it was, and nothing beside it is touched', () => {
  fc.assert(
    fc.property(fc.uuid(), (uid) => {
      const bytes = Buffer.alloc(24, 0xaa);
      assert.equal(writeUid(bytes, PLACE, uid), true);
      assert.equal(readUid(bytes, PLACE), uid);
      assert.deepEqual(
        [bytes.subarray(0, PLACE), bytes.subarray(PLACE + 16)],
        [Buffer.alloc(3, 0xaa), Buffer.alloc(5, 0xaa)],
      );
    }),
  );
});

test('any other text is refused, however close it comes', () => {
  const uid = '0c5f3a52-8e1b-4c39-a6cf-3f6a1d2b9e70';
  const others = ['', 'a', uid.toUpperCase(), `${uid}0`, uid.slice(1), uid.replaceAll('-', '0'), uid.replace('f', 'g')];
  for (const other of [...others, uid.replace('5', 'ĵ'), uid.replace('0', '-'), `{${uid.slice(2)}}`]) {
    assert.equal(writeUid(Buffer.alloc(16), 0, other), false, other);
  }
});
