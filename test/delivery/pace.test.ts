import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createPace, type Pace, type Trouble } from '../../src/delivery/pace.ts';

const LONGEST_PROBE_MS = 30_000;

/** Answers as long as the limit is used to the full, one after the other. */
function succeed(pace: Pace, times: number): void {
  for (let i = 0; i < times; i++) pace.answered(true);
}

/** Objects of two lanes take turns. */
function lane(number: number): string {
  return number % 2 === 0 ? 'a' : 'b';
}

/** Fails at `now`, of what was sent then. Returns how often it was said that the sink is away from now on. */
function fail(pace: Pace, times: number, now: number): number {
  let told = 0;
  for (let i = 0; i < times; i++) if (pace.failed('failure', lane(i), now, now, 0)) told++;
  return told;
}

test('it starts small and doubles in the time of an answer, up to the most', () => {
  const pace = createPace(128);
  const limits = [pace.allowed(0, 0)];
  while (limits.length < 5) {
    // As many answers as there were events on the wire.
    succeed(pace, limits.at(-1) ?? 0);
    limits.push(pace.allowed(0, 0));
  }
  assert.deepEqual(limits, [16, 32, 64, 128, 128]);
  assert.equal(createPace(4).allowed(0, 0), 4);
  assert.equal(createPace(1).allowed(0, 0), 1);
});

test('it grows only by answers that came while the limit was used to the full', () => {
  const pace = createPace(128);
  for (let i = 0; i < 100; i++) pace.answered(false);
  assert.equal(pace.allowed(0, 0), 16);
});

test('overload halves it, and from there on it grows by one in the time of an answer', () => {
  const pace = createPace(128);
  succeed(pace, 48);
  assert.equal(pace.allowed(0, 0), 64);
  pace.failed('overload', 'a', 0, 1_000, 0);
  assert.equal(pace.allowed(1_000, 0), 32);
  succeed(pace, 33);
  assert.equal(pace.allowed(1_000, 0), 33);
  succeed(pace, 34);
  assert.equal(pace.allowed(1_000, 0), 34);
});

test('one burst of refusals halves it once', () => {
  const rows: [what: string, at: number[], limit: number][] = [
    ['one', [1_000], 8],
    ['a burst', [1_000, 1_000, 1_050, 1_099], 8],
    ['two bursts', [1_000, 1_099, 1_100, 1_199], 4],
    ['one after the other', [1_000, 1_100, 1_200, 1_300, 1_400, 1_500], 1],
  ];
  for (const [what, at, limit] of rows) {
    const pace = createPace(128);
    for (const now of at) pace.failed('overload', 'a', now, now, 0);
    assert.equal(pace.allowed(2_000, 0), limit, what);
  }
});

test('what is absent does not halve it', () => {
  const pace = createPace(128);
  fail(pace, 9, 1_000);
  assert.equal(pace.allowed(1_000, 0), 16);
});

test('ten failures in a row mean away, told once; one answer between them means present', () => {
  const pace = createPace(128);
  assert.equal(fail(pace, 9, 0), 0);
  assert.equal(pace.answered(false), false);
  assert.equal(fail(pace, 9, 0), 0);
  assert.equal(pace.untilProbe(0), undefined);
  assert.equal(fail(pace, 1, 0), 1);
  assert.notEqual(pace.untilProbe(0), undefined);
  assert.equal(fail(pace, 50, 0), 0);

  const overloaded = createPace(128);
  const told = Array.from({ length: 10 }, (_, i) => overloaded.failed('overload', lane(i), 0, 0, 0));
  assert.deepEqual(told.lastIndexOf(true), 9);
});

test('one object that fails over and over does not make the sink away, unless there is no connection', () => {
  const rows: [what: string, failures: readonly [Trouble, string][], away: boolean][] = [
    ['one object, answered 500', repeated(1_000, ['failure', 'a']), false],
    ['one object, answered 503', repeated(1_000, ['overload', 'a']), false],
    ['one object, no connection', repeated(10, ['absence', 'a']), true],
    ['one object, no connection in the end', [...repeated(9, ['failure', 'a']), ['absence', 'a']], true],
    ['two objects, the second one last', [...repeated(9, ['failure', 'a']), ['failure', 'b']], true],
    ['two objects, the first one last', [['failure', 'b'], ...repeated(9, ['failure', 'a'])], true],
  ];
  for (const [what, failures, away] of rows) {
    const pace = createPace(128);
    const told = failures.map(([trouble, name]) => pace.failed(trouble, name, 0, 0, 0));
    assert.equal(told.includes(true), away, what);
    assert.equal(pace.untilProbe(0) !== undefined, away, what);
  }
  const pace = createPace(128);
  fail(pace, 9, 0);
  pace.answered(false);
  for (let i = 0; i < 100; i++) assert.equal(pace.failed('failure', 'a', 0, 0, 0), false, 'an answer begins anew');
});

test('ten seconds without a connection mean away, however few attempts that were; any answer begins anew', () => {
  const rows: [what: string, attempts: readonly (readonly [at: number, Trouble | 'answered'])[], away: boolean][] = [
    [
      'two attempts, ten seconds',
      [
        [0, 'absence'],
        [10_000, 'absence'],
      ],
      true,
    ],
    [
      'three attempts, less',
      [
        [0, 'absence'],
        [5_000, 'absence'],
        [9_999, 'absence'],
      ],
      false,
    ],
    ['one attempt, after a long rest', [[50_000, 'absence']], false],
    [
      'an answer in between',
      [
        [0, 'absence'],
        [6_000, 'answered'],
        [12_000, 'absence'],
      ],
      false,
    ],
    [
      'a failure that only a sink can cause in between',
      [
        [0, 'absence'],
        [6_000, 'failure'],
        [12_000, 'absence'],
      ],
      false,
    ],
    [
      'refused by the sink itself',
      [
        [0, 'failure'],
        [60_000, 'failure'],
      ],
      false,
    ],
    [
      'no answer in time',
      [
        [0, 'overload'],
        [60_000, 'overload'],
      ],
      false,
    ],
    [
      'refused by the sink, and then no connection',
      [
        [0, 'failure'],
        [60_000, 'absence'],
      ],
      false,
    ],
  ];
  for (const [what, attempts, away] of rows) {
    const pace = createPace(128);
    const told = attempts.map(([at, result]) =>
      result === 'answered' ? pace.answered(false) : pace.failed(result, 'a', at, at, 0),
    );
    assert.deepEqual([told.at(-1), told.slice(0, -1).includes(true)], [away, false], what);
  }
});

function repeated(count: number, failure: [Trouble, string]): [Trouble, string][] {
  return Array.from({ length: count }, () => failure);
}

test('while the sink is away one event at a time is tried, after waits that double up to half a minute', () => {
  const waitsWith = (jitter: number): number[] => {
    const pace = createPace(128);
    let now = 0;
    for (let i = 0; i < 10; i++) pace.failed('absence', 'a', now, now, jitter);
    return Array.from({ length: 9 }, () => {
      const wait = pace.untilProbe(now) ?? Number.NaN;
      assert.equal(pace.allowed(now + wait - 1, 0), 0);
      now += wait;
      assert.equal(pace.allowed(now, 0), 1);
      assert.equal(pace.allowed(now, 1), 0);
      assert.equal(pace.untilProbe(now + 1), 0);
      pace.failed('absence', 'a', now, now, jitter);
      return wait;
    });
  };
  const steps = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
  assert.deepEqual(waitsWith(1), steps);
  assert.deepEqual(
    waitsWith(0),
    steps.map((step) => step / 2),
  );
});

test('what was on the wire when the sink went does not postpone the first probe', () => {
  const pace = createPace(128);
  fail(pace, 10, 1_000);
  const wait = pace.untilProbe(1_000);
  for (let i = 0; i < 100; i++) pace.failed('absence', 'a', 999, 1_100, 0);
  assert.equal(pace.untilProbe(1_000), wait);
});

test('the first answer brings the sink back, carefully: from one up to half of what it took before, then slower', () => {
  const pace = createPace(128);
  succeed(pace, 48);
  fail(pace, 10, 0);
  assert.equal(pace.answered(true), true);
  assert.equal(pace.answered(false), false);
  assert.equal(pace.untilProbe(0), undefined);
  assert.equal(pace.allowed(0, 0), 1);
  succeed(pace, 31);
  assert.equal(pace.allowed(0, 0), 32);
  succeed(pace, 31);
  assert.equal(pace.allowed(0, 0), 32);
  succeed(pace, 2);
  assert.equal(pace.allowed(0, 0), 33);
  assert.equal(fail(pace, 9, 0), 0);
});

test('whatever the sink does, no more than the most may be on the wire, and at some time one may', () => {
  const step = fc.oneof(
    fc.record({ is: fc.constant('answered'), wasFull: fc.boolean(), times: fc.nat(300) }),
    fc.record({
      is: fc.constant('failed'),
      trouble: fc.constantFrom('overload', 'failure', 'absence'),
      lane: fc.constantFrom('a', 'b'),
      age: fc.nat(40_000),
      times: fc.nat(15),
      jitter: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
    fc.record({ is: fc.constant('passed'), ms: fc.nat(40_000) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(step, { maxLength: 60 }), (most, steps) => {
      const pace = createPace(most);
      let now = 0;
      for (const it of steps) {
        if (it.is === 'passed') now += it.ms;
        else if (it.is === 'answered') {
          for (let i = 0; i < it.times; i++) {
            const wasAway = pace.untilProbe(now) !== undefined;
            assert.equal(pace.answered(it.wasFull), wasAway);
          }
        } else {
          for (let i = 0; i < it.times; i++) {
            const wasAway = pace.untilProbe(now) !== undefined;
            const told = pace.failed(it.trouble, it.lane, now - it.age, now, it.jitter);
            assert.equal(told, !wasAway && pace.untilProbe(now) !== undefined);
          }
        }
        checkBounds(pace, most, now);
      }
    }),
  );
});

function checkBounds(pace: Pace, most: number, now: number): void {
  const wait = pace.untilProbe(now);
  const allowed = pace.allowed(now, 0);
  assert.ok(Number.isInteger(allowed) && allowed <= most);
  if (wait === undefined) {
    assert.ok(allowed >= 1);
    assert.equal(pace.allowed(now, most), allowed);
    return;
  }
  assert.ok(wait >= 0 && wait <= LONGEST_PROBE_MS);
  assert.equal(allowed, wait === 0 ? 1 : 0);
  assert.equal(pace.allowed(now + wait, 0), 1);
  assert.equal(pace.allowed(now + wait, 1), 0);
}
