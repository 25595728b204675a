import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownWhereSparse } from '../../src/delivery/own-bytes.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';

interface Outgoing {
  event: CloudEvent;
}

/** Events whose data are slices of one piece of memory. */
function slicesOf(piece: Uint8Array, ...lengths: number[]): Outgoing[] {
  let start = 0;
  return lengths.map((length) => {
    const data = piece.subarray(start, (start += length));
    return { event: { id: '1', source: '/s', type: 't', extensions: {}, data } };
  });
}

function memoryOf(outgoing: readonly Outgoing[]): (number | undefined)[] {
  ownWhereSparse([...outgoing]);
  return outgoing.map(({ event }) => event.data?.buffer.byteLength);
}

test('events that are most of their piece keep it, and few of many get bytes of their own', () => {
  const rows: readonly (readonly [what: string, lengths: number[], memory: number[]])[] = [
    ['all of it', [500, 500], [1_000, 1_000]],
    ['three quarters', [250, 250, 250], [1_000, 1_000, 1_000]],
    ['less', [250, 250, 249], [250, 250, 249]],
    ['one of them', [10], [10]],
    ['nothing', [], []],
  ];
  for (const [what, lengths, memory] of rows) {
    assert.deepEqual(memoryOf(slicesOf(new Uint8Array(1_000), ...lengths)), memory, what);
  }
});

test('each piece is judged by itself, and what has no data or its own stays as it is', () => {
  const none: Outgoing = { event: { id: '1', source: '/s', type: 't', extensions: {} } };
  const dense = slicesOf(new Uint8Array(100), 50, 50);
  const sparse = slicesOf(new Uint8Array(1_000), 20, 30);
  const own = slicesOf(new Uint8Array(40), 40);
  assert.deepEqual(memoryOf([...dense, none, ...sparse, ...own]), [100, 100, undefined, 20, 30, 40]);
  assert.deepEqual(memoryOf([none]), [undefined]);
});

test('the bytes are the same', () => {
  const [it] = slicesOf(Buffer.from('abc'.padEnd(100)), 3);
  assert.ok(it);
  ownWhereSparse([it]);
  assert.equal(Buffer.from(it.event.data ?? []).toString(), 'abc');
});
