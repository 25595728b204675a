import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeptBody } from '../../src/delivery/http/kept-body.ts';

test('of a body its first kilobyte is kept, in whatever pieces it comes', () => {
  const bytes = Buffer.from('0123456789'.repeat(200));
  for (const size of [1, 7, 1_023, 1_024, 1_025, 2_000]) {
    const body = createKeptBody();
    for (let start = 0; start < bytes.length; start += size) {
      assert.equal(body.take(bytes, start, Math.min(start + size, bytes.length)), undefined);
    }
    assert.equal(body.bytes().toString(), bytes.toString('latin1', 0, 1_024), `in pieces of ${size}`);
  }
});

test('the bytes that a body was taken from may be overwritten', () => {
  const body = createKeptBody();
  const shared = Buffer.from('.abc.');
  body.take(shared, 1, 4);
  shared.fill(0);
  assert.equal(body.bytes().toString(), 'abc');
});

test('a body of more than 64 KB is not wanted, and the next one begins anew', () => {
  const body = createKeptBody();
  const half = Buffer.alloc(32 * 1024);
  assert.equal(body.take(half, 0, half.length), undefined);
  assert.equal(body.take(half, 0, half.length), undefined);
  assert.match(body.take(half, 0, 1) ?? '', /longer than 65536 bytes/);
  body.clear();
  assert.equal(body.take(half, 0, half.length), undefined);
  assert.equal(body.bytes().length, 1_024);
});
