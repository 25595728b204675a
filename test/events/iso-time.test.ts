import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isoTime } from '../../src/events/iso-time.ts';

test('every time has its own text, whatever was asked before', () => {
  const times = fc.array(
    fc.integer({ min: 0, max: 3 }).map((step) => 1_767_225_600_000 + step),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(times, (asked) => {
      for (const ms of asked) assert.equal(isoTime(ms), new Date(ms).toISOString());
    }),
  );
});
