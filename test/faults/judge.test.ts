import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Told } from '../support/told.ts';
import type { State } from '../support/writer.ts';
import { type Allowed, judge, measure, type Numbers } from './judge.ts';

const TRUTH = new Map<string, readonly State[]>([
  ['ns/a', [present('u1', '1'), present('u1', '2'), present('u1', '5')]],
  ['ns/b', [present('u2', '3'), { is: 'gone', uid: 'u2' }, present('u3', '6')]],
]);

/** What an adapter without fault sends: object, uid, version, and the id's last part. */
const FAULTLESS = ['add a u1 1', 'update a u1 2', 'add b u2 3', 'delete b u2 4 id=3.d', 'update a u1 5', 'add b u3 6'];

test('a log without fault is passed, and what is repeated after a crash is allowed up to its bound', () => {
  assert.deepEqual(verdict(FAULTLESS), []);
  const repeated = [...FAULTLESS, 'update a u1 2', 'update a u1 5'];
  assert.deepEqual(verdict(repeated, { sameId: 2 }), []);
  assert.deepEqual(verdict(repeated, { sameId: 1 }), ['sameId is 2; at most 1 allowed.']);
});

test('every wrong log is caught, and for what is wrong with it', () => {
  const rows: [what: string, log: readonly string[], wrong: readonly (keyof Numbers)[], allowed?: Allowed][] = [
    ['a state in between is lost', without('update a u1 2'), ['lost']],
    ['a last state is lost', without('update a u1 5'), ['lost', 'lostLastStates']],
    ['a last state is lost in a gap', without('update a u1 5'), ['lostLastStates'], { between: true, gaps: [1, 1] }],
    ['a state in between is lost without a gap', without('update a u1 2'), ['lost'], { between: true }],
    ['a delete is lost', without('delete b u2 4 id=3.d'), ['lost', 'lostDeletes']],
    ['a delete is lost in a gap', without('delete b u2 4 id=3.d'), ['lostDeletes'], { between: true, gaps: [1, 1] }],
    ['a refused event counts as told', [...without('add b u3 6'), 'add b u3 6 refused'], ['lost', 'lostLastStates']],
    ['an event is told twice', [...FAULTLESS, 'add b u3 6'], ['sameId']],
    ['a repetition has an id of its own', [...FAULTLESS, 'add b u3 6 id=6.again'], ['otherId']],
    ['two changes share an id', [...without('update a u1 2'), 'update a u1 2 id=1'], ['clashes', 'lost', 'sameId']],
    ['two changes of an object change places', swapped(0, 1), ['disorder']],
    ['a name is created again before it is deleted', swapped(3, 5), ['disorder']],
    [
      'a later change is tried while an earlier one is not settled',
      ['add a u1 1 refused', 'update a u1 2', ...FAULTLESS],
      ['disorder', 'sameId'],
    ],
    ['a state is made up', [...FAULTLESS, 'update a u1 7'], ['invented']],
    ['an object that exists is told as gone', [...FAULTLESS, 'delete a u1 8 id=5.d'], ['invented']],
  ];
  for (const [what, log, wrong, allowed] of rows) {
    const gaps = allowed?.gaps?.[0] ?? 0;
    const found = verdict(log, allowed, gaps).map((problem) => problem.split(' ')[0]);
    assert.deepEqual(new Set(found), new Set(wrong), what);
  }
});

test('a gap that was not announced is caught, and so is one that was for no reason', () => {
  assert.deepEqual(verdict(FAULTLESS, { gaps: [1, 2] }), ['gaps is 0; at least 1 must be announced.']);
  assert.deepEqual(verdict(FAULTLESS, { gaps: [0, 1] }, 2), ['gaps is 2; at most 1 allowed.']);
});

test('a log of nothing is no success', () => {
  assert.ok(verdict([], { between: true }).includes('Nothing was told at all.'));
});

function verdict(log: readonly string[], allowed: Allowed = {}, gaps = 0): string[] {
  return judge(measure(TRUTH, log.map(told), gaps), allowed);
}

function present(uid: string, resourceVersion: string): State {
  return { is: 'present', uid, resourceVersion };
}

function without(line: string): string[] {
  return FAULTLESS.filter((it) => it !== line);
}

function swapped(a: number, b: number): string[] {
  return FAULTLESS.with(a, FAULTLESS[b] ?? '').with(b, FAULTLESS[a] ?? '');
}

/** `TYPE NAME UID VERSION [id=ID] [refused]`; the id is made of the version where it is not said. */
function told(line: string): Told {
  const [type = '', name = '', uid = '', resourceVersion = '', ...rest] = line.split(' ');
  const id = rest.find((it) => it.startsWith('id='))?.slice(3) ?? resourceVersion;
  return {
    type: type as Told['type'],
    object: `ns/${name}`,
    uid,
    resourceVersion,
    identity: `server ${uid}.${id}`,
    accepted: !rest.includes('refused'),
  };
}
