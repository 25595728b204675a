import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { createWatermark, type Position } from '../../src/checkpoint/watermark.ts';

function at(version: number): Position {
  return { resourceVersion: String(version), epoch: 0, complete: true };
}

test('the position is that of the last step before which everything is settled', () => {
  const rows: [what: string, deeds: string, reached: number | undefined][] = [
    ['nothing was read', '', undefined],
    ['a step without changes', 'open 0 at 5', 5],
    ['a step whose change is on its way', 'open 1 at 5', undefined],
    ['a step whose change is settled', 'open 1 at 5, settle 0', 5],
    ['half of a step', 'open 2 at 5, settle 0', undefined],
    ['all of a step', 'open 2 at 5, settle 0, settle 0', 5],
    ['a settled step behind one that is not', 'open 1 at 5, open 1 at 6, settle 1', undefined],
    ['both, the later one first', 'open 1 at 5, open 1 at 6, settle 1, settle 0', 6],
    ['a bookmark behind a step that is not settled', 'open 1 at 5, open 0 at 6', undefined],
    ['the same when it is', 'open 1 at 5, open 0 at 6, settle 0', 6],
    ['a step of a list, after which nothing can be resumed', 'open 0 at 5, open 1, settle 1', 5],
    ['the end of the list', 'open 0 at 5, open 1, open 0 at 9, settle 1', 9],
    ['the end of a list that is not settled', 'open 0 at 5, open 1, open 0 at 9', 5],
    ['a position that went back, as after a restore of etcd', 'open 0 at 5, open 0 at 3', 3],
  ];
  for (const [what, deeds, reached] of rows) {
    const watermark = createWatermark(undefined);
    const steps: { settle: () => void }[] = [];
    for (const deed of deeds.split(', ')) {
      const [verb, number, , version] = deed.split(' ');
      const position = version === undefined ? undefined : at(Number(version));
      if (verb === 'open') steps.push(watermark.open(Number(number), position, 0));
      if (verb === 'settle') steps[Number(number)]?.settle();
    }
    assert.deepEqual(watermark.position(), reached === undefined ? undefined : at(reached), what);
  }
});

test('a watermark stays where it was stored until a step is settled', () => {
  const watermark = createWatermark(at(7));
  assert.deepEqual(watermark.position(), at(7));
  const step = watermark.open(1, at(8), 0);
  assert.deepEqual(watermark.position(), at(7));
  step.settle();
  assert.deepEqual(watermark.position(), at(8));
});

const anyStep = fc.record({ changes: fc.nat(4), resumable: fc.boolean() });

test('no position passes a change that is not settled, and the last one is reached when all are', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), fc.infiniteStream(fc.nat()), (steps, dice) => {
      const watermark = createWatermark(undefined);
      const left = steps.map((step) => step.changes);
      const opened: { settle: () => void }[] = [];
      const expected = (): Position | undefined => {
        const unsettled = left.findIndex((changes, i) => changes > 0 && i < opened.length);
        const passed = steps.slice(0, unsettled < 0 ? opened.length : unsettled);
        const last = passed.findLastIndex((step) => step.resumable);
        return last < 0 ? undefined : at(last);
      };
      while (opened.length < steps.length || left.some((changes) => changes > 0)) {
        const waiting = left.flatMap((changes, i) => (changes > 0 && i < opened.length ? [i] : []));
        const choice = dice.next().value % (waiting.length + (opened.length < steps.length ? 1 : 0));
        const settled = waiting[choice];
        const next = steps[opened.length];
        if (settled !== undefined) {
          left[settled] = (left[settled] ?? 0) - 1;
          opened[settled]?.settle();
        } else if (next !== undefined) {
          opened.push(watermark.open(next.changes, next.resumable ? at(opened.length) : undefined, opened.length));
        }
        assert.deepEqual(watermark.position(), expected());
        const held = left.findIndex((changes, i) => changes > 0 && i < opened.length);
        assert.equal(watermark.heldSince(), held < 0 ? undefined : held);
      }
    }),
    { numRuns: 300 },
  );
});

test('one change that is never settled costs no memory for each that is read after it', () => {
  const watermark = createWatermark(undefined);
  const stuck = watermark.open(1, at(1), 1);
  const before = heapInUse();
  for (let version = 2; version < 300_000; version++) {
    watermark.open(0, at(version), version);
    watermark.open(1, undefined, version).settle();
  }
  assert.deepEqual([watermark.position(), watermark.heldSince()], [undefined, 1]);
  const grown = (heapInUse() - before) / 1_048_576;
  assert.ok(grown < 5, `${grown} MiB`);
  stuck.settle();
  assert.deepEqual([watermark.position(), watermark.heldSince()], [at(299_999), undefined]);
});

/** In bytes, without what nobody holds any more. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
