import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createLedger, type Ledger } from '../../src/checkpoint/ledger.ts';
import type { Change } from '../../src/watch/change.ts';
import { createKnownObjects, type KnownObjects } from '../../src/watch/known-objects.ts';
import type { Step } from '../../src/watch/watch-stream.ts';
import { anyDeed, createLives, type Deed, headOf, settledIn, type Snapshot, snapshotOf } from './lives.ts';
import { fakeClock } from '../support/fake-clock.ts';

function knowing(...names: string[]): KnownObjects {
  const known = createKnownObjects();
  for (const name of names) known.remember(headOf(name, `u-${name}`, 5));
  return known;
}

function stepOf(changes: readonly Change[], version?: number): Step {
  return { changes, epoch: 0, resumeAt: version === undefined ? undefined : String(version) };
}

test('what is settled is what the settled changes made, whatever is still on its way', () => {
  const anySteps = fc.array(fc.array(anyDeed, { maxLength: 5 }), { maxLength: 12 });
  fc.assert(
    fc.property(anySteps, fc.infiniteStream(fc.nat()), (steps, dice) => {
      const known = knowing('a', 'b');
      const ledger = createLedger({ known, start: undefined, clock: fakeClock() });
      const lives = createLives(known);
      /** Changes that wait to be settled, those of an object in their order. */
      const lanes = new Map<string, { readonly change: Change; readonly settle: () => void }[]>();
      let expected: Snapshot = snapshotOf(known.all());
      const settleOne = (): boolean => {
        const busy = [...lanes.values()].filter((lane) => lane.length > 0);
        const first = busy[dice.next().value % busy.length]?.shift();
        if (first === undefined) return false;
        expected = settledIn(expected, first.change);
        first.settle();
        assert.deepEqual(snapshotOf(ledger.settled()), expected);
        return true;
      };
      for (const deeds of steps) {
        const changes = deeds.flatMap((deed) => lives.happen(deed, known));
        const settle = ledger.open(stepOf(changes, lives.version()));
        for (const [index, change] of changes.entries()) {
          const { name } = change.object;
          const lane = lanes.get(name) ?? [];
          lanes.set(name, lane);
          lane.push({ change, settle: () => settle(index) });
        }
        assert.deepEqual(snapshotOf(ledger.settled()), expected);
        for (let i = dice.next().value % 6; i > 0; i--) settleOne();
      }
      while (settleOne());
      assert.deepEqual(snapshotOf(ledger.settled()), snapshotOf(known.all()));
      assert.equal(ledger.position()?.resourceVersion, steps.length === 0 ? undefined : String(lives.version()));
    }),
    { numRuns: 300 },
  );
});

/** Opens a step of these deeds. @returns what settles its changes, one a call */
function begin(ledger: Ledger, known: KnownObjects, ...deeds: Deed[]): () => void {
  const lives = createLives(known);
  const changes = deeds.flatMap((deed) => lives.happen(deed, known));
  const settle = ledger.open(stepOf(changes, lives.version()));
  let next = 0;
  return () => {
    assert.ok(next < changes.length, 'nothing is left to be settled');
    settle(next++);
  };
}

test('an object that is made anew under its name is the old one, none, and then the new one', () => {
  const known = knowing('a');
  const ledger = createLedger({ known, start: undefined, clock: fakeClock() });
  const settle = begin(ledger, known, { name: 'a', does: 'replace' });
  assert.deepEqual(snapshotOf(ledger.settled()), { a: 'u-a@5' });
  settle();
  assert.deepEqual(snapshotOf(ledger.settled()), {});
  settle();
  assert.deepEqual(snapshotOf(ledger.settled()), { a: 'u11@11' });
});

/** Names of what is dirty; those that came or went with a plus. */
function dirtyIn(ledger: Ledger): string | string[] {
  const dirty = ledger.dirty();
  return dirty === 'everything'
    ? dirty
    : Array.from(dirty, ([key, isTurnover]) => (isTurnover ? `+${key}` : key)).sort();
}

test('only what was settled since the index was written is dirty', () => {
  const known = knowing('a', 'b');
  const ledger = createLedger({ known, start: undefined, clock: fakeClock() });
  const settle = begin(ledger, known, { name: 'a', does: 'touch' }, { name: 'b', does: 'delete' });
  assert.deepEqual(dirtyIn(ledger), []);
  settle();
  assert.deepEqual(dirtyIn(ledger), ['n/a']);
  ledger.writing();
  ledger.written();
  assert.deepEqual(dirtyIn(ledger), []);
  settle();
  assert.deepEqual(dirtyIn(ledger), ['+n/b']);
});

test('what the stored index did not say from the beginning is dirty', () => {
  const ledger = createLedger({ known: knowing('a'), start: undefined, dirty: ['n/a', 'n/b'], clock: fakeClock() });
  assert.deepEqual(dirtyIn(ledger), ['+n/a', '+n/b']);
  assert.deepEqual(
    [ledger.settledAt('n/a'), ledger.settledAt('n/b')],
    [{ uid: 'u-a', resourceVersion: '5' }, undefined],
  );
});

test('who came or went is told from whose version changed, until it is written', () => {
  const known = knowing('a', 'b');
  const ledger = createLedger({ known, start: undefined, clock: fakeClock() });
  const deeds = ['touch', 'delete', 'touch', 'touch'] as const;
  const settle = begin(ledger, known, ...deeds.map((does) => ({ name: 'a', does })), { name: 'b', does: 'touch' });
  const turnovers = [0, 1, 2, 2, 2].map((turnover) => {
    settle();
    return [ledger.turnover(), turnover];
  });
  for (const [found, expected] of turnovers) assert.equal(found, expected);
  assert.deepEqual(dirtyIn(ledger), ['+n/a', 'n/b']);
});

test('what changed while the index was written is dirty after it, and all of it where that failed', () => {
  for (const fails of [false, true]) {
    const known = knowing('a', 'b');
    const ledger = createLedger({ known, start: undefined, clock: fakeClock() });
    const settle = begin(
      ledger,
      known,
      { name: 'a', does: 'delete' },
      { name: 'b', does: 'touch' },
      { name: 'a', does: 'touch' },
    );
    settle();
    ledger.writing();
    assert.deepEqual(dirtyIn(ledger), ['+n/a']);
    settle();
    assert.deepEqual(dirtyIn(ledger), ['+n/a', 'n/b']);
    if (!fails) ledger.written();
    assert.deepEqual(dirtyIn(ledger), fails ? ['+n/a', 'n/b'] : ['n/b']);
    ledger.writing();
    ledger.written();
    assert.deepEqual(dirtyIn(ledger), []);
  }
});

test('everything is dirty where it is said, after a list, and where too many names are', () => {
  const rows: [why: string, make: (ledger: Ledger, known: KnownObjects) => void][] = [
    ['soiled', (ledger) => ledger.soil()],
    ['listed', (ledger) => ledger.listed()],
    [
      'more than 10,000 names',
      (ledger, known) => {
        const names = Array.from({ length: 10_001 }, (_, i) => `n${i}`);
        const settle = begin(ledger, known, ...names.map((name) => ({ name, does: 'touch' }) as const));
        for (const _ of names) settle();
      },
    ],
  ];
  for (const [why, make] of rows) {
    const known = knowing('a');
    const ledger = createLedger({ known, start: undefined, clock: fakeClock() });
    make(ledger, known);
    assert.equal(ledger.dirty(), 'everything', why);
    const settle = begin(ledger, known, { name: 'a', does: 'touch' });
    settle();
    assert.equal(ledger.dirty(), 'everything', why);
    ledger.writing();
    assert.equal(ledger.dirty(), 'everything', why);
    ledger.written();
    assert.deepEqual(dirtyIn(ledger), [], why);
  }
});

test('a position is complete from the end of a list on, and not for what was read before it', () => {
  const fresh = createLedger({ known: createKnownObjects(), start: undefined, clock: fakeClock() });
  fresh.open(stepOf([], 5));
  assert.deepEqual(fresh.position(), { resourceVersion: '5', epoch: 0, complete: false });
  const ledger = createLedger({
    known: createKnownObjects(),
    start: { resourceVersion: '5', epoch: 2, complete: false },
    clock: fakeClock(),
  });
  assert.deepEqual(ledger.position(), { resourceVersion: '5', epoch: 2, complete: false });
  ledger.open(stepOf([], 6));
  assert.deepEqual(ledger.position(), { resourceVersion: '6', epoch: 0, complete: false });
  ledger.listed();
  assert.equal(ledger.position()?.complete, false);
  ledger.open(stepOf([], 7));
  assert.equal(ledger.position()?.complete, true);
});

test('what holds the position back is as old as the oldest change that is not settled', async () => {
  const clock = fakeClock();
  const known = knowing('a', 'b');
  const ledger = createLedger({ known, start: undefined, clock });
  assert.equal(ledger.heldSince(), undefined);
  await clock.advance(1_000);
  const first = begin(ledger, known, { name: 'a', does: 'touch' });
  await clock.advance(1_000);
  const second = begin(ledger, known, { name: 'b', does: 'touch' });
  second();
  assert.equal(ledger.heldSince(), 1_000);
  first();
  assert.equal(ledger.heldSince(), undefined);
});

test('objects that storing the index changes are no reason to store it, and are stored with the others', () => {
  const known = knowing('a', 'own');
  const ledger = createLedger({ known, start: undefined, clock: fakeClock(), ignores: ({ name }) => name === 'own' });
  begin(ledger, known, { name: 'own', does: 'touch' })();
  assert.deepEqual([dirtyIn(ledger), ledger.turnover()], [[], 0]);
  assert.equal(snapshotOf(ledger.settled())['own'], 'u-own@11');
  begin(ledger, known, { name: 'a', does: 'touch' })();
  assert.deepEqual(dirtyIn(ledger), ['n/a']);
});

test('a change that a condition stops is settled only when those before it are: else a crash would lose them', () => {
  const known = knowing('a');
  const ledger = createLedger({ known, start: undefined, clock: fakeClock() });
  const lives = createLives(known);
  const deeds = (['touch', 'touch', 'touch', 'delete'] as const).map((does): Deed => ({ name: 'a', does }));
  const changes = deeds.flatMap((deed) => lives.happen(deed, known));
  const settle = ledger.open(stepOf(changes, lives.version()));
  const [, second] = changes;
  assert.ok(second);
  const [first, then, third, last] = [0, 1, 2, 3] as const;
  settle(then);
  assert.deepEqual(snapshotOf(ledger.settled()), { a: 'u-a@5' });
  settle(last);
  assert.deepEqual(snapshotOf(ledger.settled()), { a: 'u-a@5' });
  settle(first);
  assert.deepEqual(snapshotOf(ledger.settled()), { a: `u-a@${second.object.resourceVersion}` });
  settle(third);
  assert.deepEqual(snapshotOf(ledger.settled()), {});
});
