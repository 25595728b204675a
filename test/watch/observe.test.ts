import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Change } from '../../src/watch/change.ts';
import { createKnownObjects, type KnownObjects } from '../../src/watch/known-objects.ts';
import { observeGone, observeListed, observeWatched } from '../../src/watch/observe.ts';
import type { WatchType } from '../../src/watch/watch-line.ts';
import { FIRST, type Listing } from '../../src/watch/watch-state.ts';
import { anyHistory, type History, replay, truthAfter } from './history.ts';
import { headOf, knownIn, sentenceOf } from './objects.ts';

/** How a change ends that only a comparison shows. */
const UNSEEN = 'by comparison, without body';
const BODY = Buffer.from('{}');

function knowing(...objects: string[]): KnownObjects {
  const known = createKnownObjects();
  for (const object of objects) known.remember(headOf(object));
  return known;
}

test('what a watch event means depends on what was known of its name', () => {
  const none: string[] = [];
  const rows: [known: string[], event: string, told: string[], suppressed: string | undefined, knownAfter: string[]][] =
    [
      [[], 'ADDED a u1@5', ['add a u1@5'], undefined, ['a u1@5']],
      [[], 'MODIFIED a u1@5', ['update a u1@5'], undefined, ['a u1@5']],
      [[], 'DELETED a u1@5', ['delete a u1@5'], undefined, []],

      [['a u1@5'], 'ADDED a u1@4', none, 'backInTime', ['a u1@5']],
      [['a u1@5'], 'ADDED a u1@5', none, 'duplicate', ['a u1@5']],
      [['a u1@5'], 'ADDED a u1@6', ['update a u1@6 over u1@5'], undefined, ['a u1@6']],
      [['a u1@5'], 'MODIFIED a u1@4', none, 'backInTime', ['a u1@5']],
      [['a u1@5'], 'MODIFIED a u1@5', none, 'duplicate', ['a u1@5']],
      [['a u1@5'], 'MODIFIED a u1@6', ['update a u1@6 over u1@5'], undefined, ['a u1@6']],
      [['a u1@5'], 'DELETED a u1@4', none, 'backInTime', ['a u1@5']],
      [['a u1@5'], 'DELETED a u1@5', ['delete a u1@5 over u1@5'], undefined, []],
      [['a u1@5'], 'DELETED a u1@6', ['delete a u1@6 over u1@5'], undefined, []],

      [['a u1@5'], 'ADDED a u2@6', [`delete a u1@5 over u1@5 ${UNSEEN}`, 'add a u2@6'], undefined, ['a u2@6']],
      [['a u1@5'], 'MODIFIED a u2@6', [`delete a u1@5 over u1@5 ${UNSEEN}`, 'update a u2@6'], undefined, ['a u2@6']],
      [['a u1@5'], 'ADDED a u2@4', none, 'backInTime', ['a u1@5']],
      [['a u1@5'], 'MODIFIED a u2@4', none, 'backInTime', ['a u1@5']],
      [['a u1@5'], 'DELETED a u2@4', none, 'backInTime', ['a u1@5']],
      [['a u1@5'], 'DELETED a u2@6', ['delete a u2@6'], undefined, ['a u1@5']],

      [['a u1@9'], 'MODIFIED a u1@10', ['update a u1@10 over u1@9'], undefined, ['a u1@10']],
      [['a u1@10'], 'MODIFIED a u1@9', none, 'backInTime', ['a u1@10']],
      [['a u1@x2'], 'MODIFIED a u1@x2', none, 'duplicate', ['a u1@x2']],
      [['a u1@x2'], 'MODIFIED a u1@x1', ['update a u1@x1 over u1@x2'], undefined, ['a u1@x1']],
      [['a u1@5'], 'DELETED a u1@0', ['delete a u1@0 over u1@5'], undefined, []],

      [['b u1@5'], 'ADDED a u1@5', ['add a u1@5'], undefined, ['a u1@5', 'b u1@5']],
    ];
  for (const [before, event, told, suppressed, after] of rows) {
    const known = knowing(...before);
    const [type, ...object] = event.split(' ');
    const observation = observeWatched(known, type as WatchType, headOf(object.join(' ')), BODY);
    const what = `${event}, knowing ${before.join()}`;
    assert.deepEqual(observation.changes.map(sentenceOf), told, what);
    assert.equal(observation.suppressed, suppressed, what);
    assert.deepEqual(knownIn(known), after, what);
  }
});

test('what a listed object means depends on what was known, and on why it was listed', () => {
  const expired: Listing = { ...FIRST, why: 'expired', since: '5' };
  const lists = {
    start: FIRST,
    expired,
    unsure: { ...expired, knowsAll: false },
    rewound: { ...FIRST, why: 'rewound' },
  } satisfies Record<string, Listing>;
  const replaced = `delete a u1@5 over u1@5 ${UNSEEN}`;
  const rows: [list: keyof typeof lists, known: string[], object: string, told: string[]][] = [
    ['start', [], 'a u1@5', ['add a u1@5 by list']],
    ['start', ['a u1@5'], 'a u1@5', []],
    ['start', ['a u1@5'], 'a u1@6', ['update a u1@6 over u1@5 by list']],

    ['expired', [], 'a u1@4', ['add a u1@4 by comparison']],
    ['expired', [], 'a u1@6', ['add a u1@6 by comparison']],
    ['expired', ['a u1@5'], 'a u1@5', []],
    ['expired', ['a u1@5'], 'a u1@6', ['update a u1@6 over u1@5 by comparison']],
    ['expired', ['a u1@5'], 'a u2@6', [replaced, 'add a u2@6 by comparison']],
    ['expired', ['a u1@x1'], 'a u1@x1', []],
    ['expired', ['a u1@x1'], 'a u1@x0', ['update a u1@x0 over u1@x1 by comparison']],

    // Without an index: what is not newer than the position was told before it.
    ['unsure', [], 'a u1@4', []],
    ['unsure', [], 'a u1@5', []],
    ['unsure', [], 'a u1@6', ['add a u1@6 by comparison']],
    ['unsure', [], 'a u1@x1', ['add a u1@x1 by comparison']],
    ['unsure', ['a u1@4'], 'a u1@5', ['update a u1@5 over u1@4 by comparison']],

    // Another history: the same version may be another state, and an older one may be the newest.
    ['rewound', [], 'a u1@4', ['add a u1@4 by comparison']],
    ['rewound', ['a u1@5'], 'a u1@5', ['update a u1@5 over u1@5 by comparison']],
    ['rewound', ['a u1@5'], 'a u1@4', ['update a u1@4 over u1@5 by comparison']],
    ['rewound', ['a u1@5'], 'a u2@4', [replaced, 'add a u2@4 by comparison']],
  ];
  for (const [list, before, object, told] of rows) {
    const known = knowing(...before);
    const observation = observeListed(known, lists[list], headOf(object), BODY);
    const what = `${object} in the list "${list}", knowing ${before.join()}`;
    assert.deepEqual(observation.changes.map(sentenceOf), told, what);
    assert.deepEqual(knownIn(known), [object], what);
  }
});

test('what a list did not mention is told as deleted, with its last state where there is one, and forgotten', () => {
  const known = knowing('a u1@5', 'b u2@6');
  const told = [
    observeGone(known, headOf('a u1@5'), undefined),
    observeGone(known, headOf('b u2@6'), Buffer.from('{"b":1}')),
  ];
  assert.deepEqual(told.map(sentenceOf), [
    `delete a u1@5 over u1@5 ${UNSEEN}`,
    'delete b u2@6 over u2@6 by comparison',
  ]);
  assert.equal(told[1]?.body?.toString(), '{"b":1}');
  assert.deepEqual(knownIn(known), []);
});

/** What is told of `history` when watching alternates with gaps, each ended by a list; `cuts` are the places. */
function tell(history: History, cuts: readonly number[]): Change[] {
  const known = createKnownObjects();
  const told: Change[] = [];
  let list: Listing = FIRST;
  let watching = false;
  let at = 0;
  for (const cut of [...cuts, history.length, history.length]) {
    const until = Math.max(at, Math.min(cut, history.length));
    if (watching) {
      for (const event of history.slice(at, until)) {
        const [type, ...object] = event.split(' ');
        told.push(...observeWatched(known, type as WatchType, headOf(object.join(' ')), BODY).changes);
      }
    } else {
      known.beginList();
      for (const [name, version] of truthAfter(history.slice(0, until))) {
        told.push(...observeListed(known, list, headOf(`${name} ${version}`), BODY).changes);
      }
      told.push(...Array.from(known.unlisted(), (object) => observeGone(known, object, undefined)));
      list = { ...FIRST, why: 'expired', since: String(until) };
    }
    watching = !watching;
    at = until;
  }
  return told;
}

test('changes end at the true state, wherever a watch was cut and continued by a list', () => {
  const cuts = fc.array(fc.nat(40), { maxLength: 6 }).map((it) => it.sort((a, b) => a - b));
  fc.assert(
    fc.property(anyHistory, cuts, (history, places) => {
      assert.deepEqual(replay(tell(history, places)), truthAfter(history));
    }),
    { numRuns: 1_000 },
  );
});
