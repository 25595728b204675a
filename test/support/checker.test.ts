import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, type Findings } from './checker.ts';
import type { Told } from './told.ts';
import type { Truth } from './writer.ts';

/** The life of `shop/a`: made at 1, changed at 2, deleted, made again at 4. */
const TRUTH: Truth = new Map([
  [
    'shop/a',
    [
      { is: 'present', uid: 'old', resourceVersion: '1' },
      { is: 'present', uid: 'old', resourceVersion: '2' },
      { is: 'gone', uid: 'old' },
      { is: 'present', uid: 'new', resourceVersion: '4' },
    ],
  ],
]);

/** Read as type, uid, resourceVersion; then what the event is called, and whether it was not accepted. */
function told(text: string): Told[] {
  return text.split(', ').map((entry) => {
    const [type, uid = '', resourceVersion = '', id = `${uid} ${resourceVersion} ${type}`, refused] = entry.split(' ');
    assert.ok(type === 'add' || type === 'update' || type === 'delete');
    return { type, object: 'shop/a', uid, resourceVersion, identity: id, accepted: refused === undefined };
  });
}

const CASES: readonly (readonly [string, string, Partial<Findings>])[] = [
  ['all changes in order are right', 'add old 1, update old 2, delete old 3, add new 4', {}],
  ['a delete may carry the last version before it', 'add old 1, update old 2, delete old 2, add new 4', {}],
  [
    'an attempt that was repeated is no fault',
    'add old 1 x no, add old 1 x, update old 2, delete old 3, add new 4',
    {},
  ],
  ['a lost state in between is a lost change', 'add old 1, delete old 3, add new 4', { lostChanges: ['shop/a old 2'] }],
  [
    'a lost last state is told apart',
    'add old 1, update old 2, delete old 3',
    { lostChanges: ['shop/a new 4'], lostLastStates: ['shop/a new 4'] },
  ],
  [
    'a lost delete is told apart where the object was met',
    'add old 1, update old 2, add new 4',
    { lostChanges: ['shop/a old gone'], lostDeletes: ['shop/a old gone'] },
  ],
  [
    'a whole life that nobody met leaves no lost delete',
    'add new 4',
    { lostChanges: ['shop/a old 1', 'shop/a old 2', 'shop/a old gone'] },
  ],
  [
    'an event that was not accepted is lost',
    'add old 1, update old 2, delete old 3, add new 4 x no',
    { lostChanges: ['shop/a new 4'], lostLastStates: ['shop/a new 4'] },
  ],
  [
    'an attempt after a later one goes back in time',
    'update old 2, add old 1, delete old 3, add new 4',
    { backInTime: ['shop/a old 1'] },
  ],
  [
    'the end of the old object comes before the new one',
    'add old 1, update old 2, add new 4, delete old 3',
    { backInTime: ['shop/a old gone'] },
  ],
  [
    'the same id twice is a repetition',
    'add old 1, update old 2, update old 2, delete old 3, add new 4',
    { repeated: ['shop/a old 2'] },
  ],
  [
    'the same change under another id is a double',
    'add old 1, update old 2 x, update old 2 y, delete old 3, add new 4',
    { doubled: ['shop/a old 2'] },
  ],
  [
    'a state that never was is invented',
    'add old 1, update old 2, update old 9, delete old 3, add new 4',
    { invented: ['update shop/a old 9'] },
  ],
];

for (const [name, events, findings] of CASES) {
  test(name, () => {
    const nothing: Findings = {
      lostChanges: [],
      lostLastStates: [],
      lostDeletes: [],
      backInTime: [],
      repeated: [],
      doubled: [],
      invented: [],
    };
    assert.deepEqual(compare(TRUTH, told(events)), { ...nothing, ...findings });
  });
}
