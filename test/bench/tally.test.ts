import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createTally } from '../../bench/tally.ts';

test('a repeated event does not stand in for a lost one', () => {
  const tally = createTally({ events: 4, bodyBytes: 10 });
  for (const sequence of [0, 1, 1, 3]) tally.add(sequence, 10);
  assert.equal(tally.complete(4), false);
  assert.deepEqual(tally.counts(), { seen: 3, repeated: 1, unknown: 0, altered: 0 });
  tally.add(2, 10);
  assert.equal(tally.complete(4), true);
});

test('numbers outside of the run are unknown, and bodies of another length are altered', () => {
  const tally = createTally({ events: 4, bodyBytes: 10 });
  for (const sequence of [-1, 4, Number.NaN]) assert.equal(tally.add(sequence, 10), false);
  tally.add(0, 9);
  assert.deepEqual(tally.counts(), { seen: 1, repeated: 0, unknown: 3, altered: 1 });
});

test('a tally agrees with a set of all numbers, in any order', () => {
  const sequences = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 120 });
  fc.assert(
    fc.property(sequences, fc.integer({ min: 0, max: 41 }), (arrivals, upTo) => {
      const tally = createTally({ events: 41, bodyBytes: 1 });
      const set = new Set<number>();
      for (const sequence of arrivals) {
        assert.equal(tally.add(sequence, 1), !set.has(sequence));
        set.add(sequence);
        tally.complete(upTo);
      }
      const below = [...set].filter((sequence) => sequence < upTo).length;
      assert.equal(tally.complete(upTo), below === upTo);
      assert.equal(tally.counts().seen, set.size);
      assert.equal(tally.counts().repeated, arrivals.length - set.size);
    }),
  );
});
