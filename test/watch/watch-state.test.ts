import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubeFailureCode } from '../../src/kube/errors.ts';
import { advance, isBehind } from '../../src/watch/advance.ts';
import {
  type Active,
  type Auditing,
  type Entering,
  FIRST,
  type Listing,
  type Probing,
  type Recalling,
  type Remembering,
  relearned,
  resumed,
  type Waiting,
  type Watching,
  type WatchInput,
  type WatchState,
} from '../../src/watch/watch-state.ts';

const LISTING: Listing = {
  at: 'listing',
  why: 'expired',
  since: '5',
  knowsAll: true,
  form: 'watchList',
  continueToken: undefined,
  epoch: 2,
  tries: 0,
};
const PAGES: Listing = { ...LISTING, form: 'pages' };
const WATCHING: Watching = {
  at: 'watching',
  resourceVersion: '9',
  knowsAll: true,
  form: 'watchList',
  epoch: 2,
  tries: 0,
  suspicions: 0,
};
const PROBING: Probing = { ...WATCHING, at: 'probing' };
const UNSURE: Watching = { ...WATCHING, knowsAll: false };
const REMEMBERING: Remembering = {
  at: 'remembering',
  since: '9',
  form: 'watchList',
  continueToken: undefined,
  epoch: 2,
  tries: 0,
};
const RECALLING: Recalling = { ...REMEMBERING, at: 'recalling', since: '5', resourceVersion: '9' };
const AUDITING: Auditing = { ...REMEMBERING, at: 'auditing' };
const ENTRIES = [{ namespace: 'n', tells: true }];
const ENTERING: Entering = {
  at: 'entering',
  entries: ENTRIES,
  resourceVersion: '9',
  knowsAll: true,
  form: 'watchList',
  continueToken: undefined,
  epoch: 2,
  tries: 0,
};
const WAITING: Waiting = { at: 'waiting', ms: 800, next: PROBING };
const GONE = { at: 'gone' } as const;

const CODES: readonly KubeFailureCode[] = [
  'unreachable',
  'timedOut',
  'silent',
  'unauthorized',
  'forbidden',
  'expired',
  'tooLargeResourceVersion',
  'conflict',
  'alreadyExists',
  'invalid',
  'throttled',
  'serverError',
  'malformed',
  'credentials',
  'aborted',
];

/** A wait of the first length; it counts as a try. */
function rest(next: Active, ms = 400): Waiting {
  return { at: 'waiting', ms, next: { ...next, tries: next.tries + 1 } };
}

const changed = (resourceVersion: string): WatchInput => ({ is: 'changed', resourceVersion });
const bookmark = (resourceVersion: string): WatchInput => ({ is: 'bookmark', resourceVersion });
const head = (resourceVersion: string): WatchInput => ({ is: 'head', resourceVersion });
const page = (continueToken: string): WatchInput => ({ is: 'page', continueToken });
const listed = (resourceVersion: string, recall = false): WatchInput => ({ is: 'listed', resourceVersion, recall });
const ended = (lastedMs: number, lines: number): WatchInput => ({ is: 'ended', lastedMs, lines, jitter: 0 });
const failed = (code: KubeFailureCode, retryAfterMs?: number): WatchInput => {
  return { is: 'failed', code, retryAfterMs, jitter: 0 };
};
const RESTED: WatchInput = { is: 'rested' };

/** What an answer to a request can be at all; the others leave a state as it is. */
const STRAY: readonly WatchInput[] = [changed('10'), bookmark('10'), head('10'), page('c'), RESTED];

type Row = readonly [what: string, state: WatchState, input: WatchInput, next: WatchState];

function check(rows: readonly Row[]): void {
  for (const [what, state, input, next] of rows) {
    assert.deepEqual(advance(state, input), next, `${what}: ${state.at}, ${JSON.stringify(input)}`);
  }
}

function ignores(state: WatchState, inputs: readonly WatchInput[]): Row[] {
  return inputs.map((input) => ['an input that means nothing here', state, input, state] as const);
}

test('a stream begins with a streaming list, or with a probe where it knows a position', () => {
  assert.deepEqual(FIRST, { ...LISTING, why: 'start', since: undefined, epoch: 0 });
  assert.deepEqual(resumed({ resourceVersion: '9', epoch: 2 }, true), PROBING);
  assert.deepEqual(resumed({ resourceVersion: '9', epoch: 2 }, false), { ...PROBING, knowsAll: false });
});

test('listing: the end of the list is where the watch begins, and what fails is begun anew', () => {
  const halfway = { ...PAGES, continueToken: 'c', tries: 3 };
  const unsure = { ...LISTING, knowsAll: false };
  const start = { ...LISTING, why: 'start', since: undefined } as const;
  check([
    ['a page with more', PAGES, page('c'), { ...PAGES, continueToken: 'c' }],
    ['the next page', { ...PAGES, continueToken: 'b' }, page('c'), { ...PAGES, continueToken: 'c' }],
    ['the end', LISTING, listed('9'), WATCHING],
    ['the end in pages', PAGES, listed('9'), { ...WATCHING, form: 'pages' }],
    ['the end, when it was not known what existed', unsure, listed('9'), WATCHING],
    ['the end, with bodies to fetch', LISTING, listed('9', true), RECALLING],
    [
      'the end of a list that is older than the position',
      LISTING,
      listed('4', true),
      { ...LISTING, why: 'rewound', since: undefined, epoch: LISTING.epoch + 1 },
    ],
    ['the end of a list that has no past', start, listed('9', true), WATCHING],

    ['a stream that closed early', LISTING, ended(0, 0), rest(PAGES)],
    ['a stream that fell silent', LISTING, failed('silent'), rest(PAGES)],
    ['a server that refuses streams', LISTING, failed('invalid'), PAGES],
    ['a server that fails at streams', LISTING, failed('serverError'), PAGES],
    ['a stream that is not understood', LISTING, failed('malformed'), PAGES],
    ['a server that is away', LISTING, failed('unreachable'), rest(LISTING)],
    ['a server that is behind', LISTING, failed('tooLargeResourceVersion'), rest(LISTING)],
    ['an answer that took too long', LISTING, failed('timedOut'), rest(LISTING)],
    ['a server that is busy', LISTING, failed('throttled', 7_000), rest(LISTING, 7_000)],
    ['no right', LISTING, failed('forbidden'), rest(LISTING)],
    ['no login', LISTING, failed('unauthorized'), rest(LISTING)],
    ['an expired stream', LISTING, failed('expired'), rest(LISTING)],

    ['a continue token that grew old', halfway, failed('expired'), rest({ ...PAGES, tries: 3 }, 3_200)],
    ['a page that is no list', halfway, failed('malformed'), rest({ ...PAGES, tries: 3 }, 3_200)],
    ['a server that fails at a page', halfway, failed('serverError'), rest({ ...PAGES, tries: 3 }, 3_200)],
    ['a token that is refused', halfway, failed('invalid'), rest({ ...PAGES, tries: 3 }, 3_200)],
    ['a server that goes away between pages', halfway, failed('unreachable'), rest({ ...PAGES, tries: 3 }, 3_200)],

    ['a resource that is not served', LISTING, failed('notFound'), GONE],
    ...ignores(LISTING, [changed('10'), bookmark('10'), head('10'), RESTED]),
  ]);
});

test('probing: the watch goes on, unless the server is behind the position', () => {
  const tired: Probing = { ...PROBING, tries: 2, suspicions: 1, knowsAll: false };
  check([
    ['a newer head', PROBING, head('10'), WATCHING],
    ['the same head', PROBING, head('9'), WATCHING],
    ['a head that cannot be ordered', PROBING, head('x1'), WATCHING],
    ['what was counted stays counted', tired, head('10'), { ...UNSURE, tries: 2, suspicions: 1 }],
    ['an older head', PROBING, head('8'), { ...LISTING, why: 'rewound', since: undefined, epoch: 3 }],
    [
      'an older head, and not knowing all',
      { ...PROBING, knowsAll: false, form: 'pages' },
      head('8'),
      { ...PAGES, why: 'rewound', since: undefined, epoch: 3, knowsAll: false },
    ],
    ['a server that is away', PROBING, failed('unreachable'), rest(PROBING)],
    ['a server that is away again', tired, failed('unreachable'), rest(tired, 1_600)],
    ['a server that is busy', PROBING, failed('throttled', 7_000), rest(PROBING, 7_000)],
    ['a server that fails', PROBING, failed('serverError'), rest(PROBING)],
    ['an answer that is not understood', PROBING, failed('malformed'), rest(PROBING)],
    ['a resource that is not served', PROBING, failed('notFound'), GONE],
    ...ignores(PROBING, [changed('10'), bookmark('10'), page('c'), listed('10'), RESTED]),
  ]);
});

test('watching: every line is progress, every ending a probe, and an expired version a list', () => {
  const tired: Watching = { ...WATCHING, tries: 2, suspicions: 2 };
  const expired = { ...LISTING, since: '9' };
  check([
    ['a change', WATCHING, changed('10'), { ...WATCHING, resourceVersion: '10' }],
    ['a bookmark', WATCHING, bookmark('10'), { ...WATCHING, resourceVersion: '10' }],
    ['progress ends the counting', tired, changed('10'), { ...WATCHING, resourceVersion: '10' }],
    ['progress ends the counting', tired, bookmark('10'), { ...WATCHING, resourceVersion: '10' }],
    ['a version that cannot be ordered', WATCHING, changed('x1'), { ...WATCHING, resourceVersion: 'x1' }],
    ['progress does not make it known what existed', UNSURE, changed('10'), { ...UNSURE, resourceVersion: '10' }],
    ['a line at the same version clears no suspicion', tired, bookmark('9'), { ...tired, tries: 0 }],

    ['an end after minutes', WATCHING, ended(300_000, 0), PROBING],
    ['an end after a second', WATCHING, ended(1_000, 0), PROBING],
    ['an early end with a line', WATCHING, ended(1, 1), PROBING],
    ['an early end without a line', WATCHING, ended(999, 0), rest(PROBING)],
    ['a silence', WATCHING, failed('silent'), PROBING],

    ['expired', WATCHING, failed('expired'), rest(expired)],
    ['expired, and not knowing all', UNSURE, failed('expired'), rest(REMEMBERING)],

    ['not understood once', WATCHING, failed('malformed'), rest({ ...PROBING, suspicions: 1 })],
    ['not understood twice', { ...WATCHING, suspicions: 1 }, failed('malformed'), rest({ ...PROBING, suspicions: 2 })],
    [
      'not understood thrice',
      { ...WATCHING, suspicions: 2 },
      failed('malformed'),
      { ...expired, why: 'unintelligible' },
    ],
    ['a server that fails', WATCHING, failed('serverError'), rest({ ...PROBING, suspicions: 1 })],
    ['a version that is refused', WATCHING, failed('invalid'), rest({ ...PROBING, suspicions: 1 })],
    [
      'not understood thrice, and not knowing all',
      { ...UNSURE, suspicions: 2 },
      failed('serverError'),
      { ...expired, why: 'unintelligible', knowsAll: false },
    ],

    ['a server that is away', WATCHING, failed('unreachable'), rest(PROBING)],
    ['a server that is busy', WATCHING, failed('throttled', 7_000), rest(PROBING, 7_000)],
    ['a version from the future', WATCHING, failed('tooLargeResourceVersion', 1_000), rest(PROBING, 1_000)],
    ['no right', WATCHING, failed('forbidden'), rest(PROBING)],
    ['no login', WATCHING, failed('unauthorized'), rest(PROBING)],
    ['credentials that cannot be read', WATCHING, failed('credentials'), rest(PROBING)],
    ['a resource that is not served', WATCHING, failed('notFound'), GONE],
    ...ignores(WATCHING, [head('10'), page('c'), listed('10'), RESTED]),
  ]);
});

test('remembering: once it is known what existed, what exists is listed; what is lost is not waited for', () => {
  const halfway = { ...REMEMBERING, continueToken: 'c', tries: 1 };
  const sure = { ...LISTING, since: '9' };
  const unsure = { ...sure, knowsAll: false };
  check([
    ['a page with more', REMEMBERING, page('c'), { ...REMEMBERING, continueToken: 'c' }],
    ['the end', REMEMBERING, listed('9'), sure],
    ['history that is gone', REMEMBERING, failed('expired'), unsure],
    ['a version from the future', REMEMBERING, failed('tooLargeResourceVersion'), unsure],
    ['a server that refuses', REMEMBERING, failed('invalid'), unsure],
    ['a server that fails', REMEMBERING, failed('serverError'), unsure],
    ['an answer that is not understood', REMEMBERING, failed('malformed'), unsure],
    ['a server that is away', halfway, failed('unreachable'), rest(halfway, 800)],
    ['a server that is busy', REMEMBERING, failed('throttled', 7_000), rest(REMEMBERING, 7_000)],
    ['no right', REMEMBERING, failed('forbidden'), rest(REMEMBERING)],
    ['a resource that is not served', REMEMBERING, failed('notFound'), GONE],
    ...ignores(REMEMBERING, [changed('10'), bookmark('10'), head('10'), RESTED]),
  ]);
});

test('relearning: once what existed at the position was seen, or cannot be seen any more, the stream goes on there', () => {
  const place = { resourceVersion: '9', epoch: 3 };
  const relearning = relearned(place, false);
  const halfway = { ...relearning, continueToken: 'c', tries: 1 };
  check([
    ['a page with more', relearning, page('c'), { ...relearning, continueToken: 'c' }],
    ['the end', relearning, listed('9'), resumed(place, true)],
    ['history that is gone', relearning, failed('expired'), resumed(place, false)],
    [
      'history that is gone, of a stream that knows all',
      relearned(place, true),
      failed('expired'),
      resumed(place, true),
    ],
    ['a version from the future', relearning, failed('tooLargeResourceVersion'), resumed(place, false)],
    ['a server that is away', halfway, failed('unreachable'), rest(halfway, 800)],
    ['a resource that is not served', relearning, failed('notFound'), GONE],
    ...ignores(relearning, [changed('10'), bookmark('10'), head('10'), RESTED]),
  ]);
});

test('recalling: with the last bodies or without them, the watch begins where the list ended', () => {
  check([
    ['a page with more', RECALLING, page('c'), { ...RECALLING, continueToken: 'c' }],
    ['the end', RECALLING, listed('5'), WATCHING],
    ...(['expired', 'unreachable', 'throttled', 'malformed', 'notFound', 'forbidden'] as const).map(
      (code) => ['bodies that cannot be had', RECALLING, failed(code), WATCHING] as const,
    ),
    ...ignores(RECALLING, [changed('10'), bookmark('10'), head('10'), RESTED]),
  ]);
});

test('auditing: a difference is listed, and what hinders an audit does not hinder the watch', () => {
  const audited = (differences: number): WatchInput => ({ is: 'audited', differences });
  const due: WatchInput = { is: 'auditDue' };
  const unsure: Watching = { ...WATCHING, knowsAll: false };
  const relearning = { ...relearned({ resourceVersion: '9', epoch: WATCHING.epoch }, false), form: WATCHING.form };
  check([['what is due where there is nothing to audit', unsure, due, relearning]]);
  check([
    ['an audit that is due', WATCHING, due, AUDITING],
    ['a page with more', AUDITING, page('c'), { ...AUDITING, continueToken: 'c' }],
    ['no difference', AUDITING, audited(0), WATCHING],
    ['a difference', AUDITING, audited(1), { ...LISTING, why: 'audit', since: '9' }],
    ...CODES.map((code) => ['an audit that fails', AUDITING, failed(code), WATCHING] as const),
    ['an audit that fails', AUDITING, failed('notFound'), WATCHING],
    ...ignores(AUDITING, [changed('10'), bookmark('10'), head('10'), listed('10'), RESTED, due]),
    ...ignores(WATCHING, [audited(1)]),
    ...[LISTING, PROBING, REMEMBERING, RECALLING, WAITING, GONE].flatMap((state) => ignores(state, [due, audited(1)])),
  ]);
});

test('waiting keeps its place until it has rested, and a resource that is gone stays gone', () => {
  const all = [...STRAY, listed('10'), ended(0, 0), failed('expired'), failed('notFound')];
  check([
    ['a rest', WAITING, RESTED, PROBING],
    ...ignores(
      WAITING,
      all.filter((input) => input.is !== 'rested'),
    ),
    ...ignores(GONE, all),
  ]);
});

/** The wait of a stream that fails once more after `tries` failures. */
function waitAfter(tries: number, code: KubeFailureCode, jitter: number, retryAfterMs?: number): number {
  const next = advance({ ...PROBING, tries }, { is: 'failed', code, jitter, retryAfterMs });
  return next.at === 'waiting' ? next.ms : assert.fail(next.at);
}

test('waits double from 0.8 s to 30 s, and jitter takes up to half of them', () => {
  const steps = [800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000];
  for (const [tries, step] of steps.entries()) {
    assert.equal(waitAfter(tries, 'unreachable', 0), step / 2);
    assert.equal(waitAfter(tries, 'unreachable', 0.5), step * 0.75);
    assert.ok(waitAfter(tries, 'unreachable', 0.999_999) <= step);
  }
  assert.equal(waitAfter(1_000_000, 'unreachable', 0), 15_000);
});

test('who waits for a right or a login looks every 5 s', () => {
  for (const code of ['forbidden', 'unauthorized'] as const) {
    assert.equal(waitAfter(0, code, 0), 400);
    assert.equal(waitAfter(20, code, 0), 2_500);
    assert.ok(waitAfter(20, code, 0.999_999) <= 5_000);
  }
});

test('a wait that the server asked for is kept, and a longer one of our own as well', () => {
  assert.equal(waitAfter(0, 'throttled', 0, 60_000), 60_000);
  assert.equal(waitAfter(0, 'throttled', 0, 1_000), 1_000);
  assert.equal(waitAfter(9, 'throttled', 0, 1_000), 15_000);
  assert.equal(waitAfter(9, 'forbidden', 0, 10_000), 10_000);
});

test('a line of a watch makes the next wait a first one again', () => {
  let state: WatchState = WATCHING;
  for (let i = 0; i < 5; i++) state = settled(advance(state, failed('unreachable')));
  assert.deepEqual(advance(state, failed('unreachable')), rest({ ...PROBING, tries: 5 }, 12_800));
  state = advance(advance(state, head('9')), bookmark('10'));
  assert.deepEqual(advance(state, failed('unreachable')), rest({ ...PROBING, resourceVersion: '10' }));
});

test('a stream whose watch expires after every list rests before each list', () => {
  let state: WatchState = WATCHING;
  for (let i = 0; i < 10; i++) {
    state = advance(state, failed('expired'));
    assert.ok(state.at === 'waiting' && state.ms >= 400);
    state = advance(advance(state, RESTED), listed(String(10 + i)));
    assert.equal(state.at, 'watching');
  }
});

test('a stream that only repeats itself between its unintelligible endings is listed after the third', () => {
  let state: WatchState = WATCHING;
  for (let i = 0; i < 2; i++) {
    state = settled(advance(advance(state, bookmark('9')), failed('malformed')));
    state = advance(state, head('9'));
  }
  assert.equal(advance(advance(state, bookmark('9')), failed('malformed')).at, 'listing');
});

test('an object is behind when it is older than the position of the watch, and only then', () => {
  const rows: [state: WatchState, version: string, behind: boolean][] = [
    [WATCHING, '8', true],
    [WATCHING, '9', false],
    [WATCHING, '10', false],
    [{ ...WATCHING, resourceVersion: '10' }, '9', true],
    [WATCHING, 'x1', false],
    [WATCHING, '08', false],
    [{ ...WATCHING, resourceVersion: 'x1' }, '8', false],
    [LISTING, '1', false],
    [PROBING, '8', false],
    [RECALLING, '1', false],
    [WAITING, '1', false],
    [GONE, '1', false],
  ];
  for (const [state, version, behind] of rows) assert.equal(isBehind(state, version), behind, `${state.at} ${version}`);
});

const position = fc.integer({ min: 1, max: 20 });
const jitter = fc.double({ min: 0, max: 0.999_999, noNaN: true });
/** As KubeError gives it. */
const retryAfterMs = fc.option(fc.integer({ min: 1_000, max: 60_000 }), { nil: undefined });
const anyInput: fc.Arbitrary<WatchInput> = fc.oneof(
  { weight: 4, arbitrary: position.map((it) => changed(String(it))) },
  { weight: 2, arbitrary: position.map((it) => bookmark(String(it))) },
  { weight: 4, arbitrary: position.map((it) => head(String(it))) },
  fc.constantFrom<WatchInput>(page('c'), page('d'), { is: 'auditDue' }, { is: 'late' }),
  fc.constantFrom<WatchInput>({ is: 'entering', entries: ENTRIES }, { is: 'entered' }),
  fc.nat(1).map((differences) => ({ is: 'audited', differences }) as const),
  { weight: 2, arbitrary: fc.tuple(position, fc.boolean()).map(([it, recall]) => listed(String(it), recall)) },
  fc.record({ is: fc.constant('ended' as const), lastedMs: fc.nat(3_000), lines: fc.nat(1), jitter }),
  {
    weight: 3,
    arbitrary: fc.record({ is: fc.constant('failed' as const), code: fc.constantFrom(...CODES), retryAfterMs, jitter }),
  },
  { weight: 4, arbitrary: fc.constant(RESTED) },
);

test('whatever comes, waits are short, a position moves back only through a list, and a rest ends in a request', () => {
  const place = { resourceVersion: '9', epoch: 0 };
  const crashed = resumed(place, true, { told: '11', most: 3 });
  const from = fc.constantFrom<Active>(FIRST, WATCHING, resumed(place, false), crashed);
  fc.assert(
    fc.property(from, fc.array(anyInput, { maxLength: 200, size: 'max' }), (start, inputs) => {
      let state: WatchState = start;
      // The position since the last list: what a watch or a probe that follows has to begin with.
      let last = positionOf(start);
      let epoch = start.epoch;
      for (const input of inputs) {
        // The interpreter takes nothing that is behind; what it does take is fed on.
        if ((input.is === 'changed' || input.is === 'bookmark') && isBehind(state, input.resourceVersion)) continue;
        const before: WatchState = state;
        state = advance(state, input);
        if (state.at === 'waiting') {
          assert.ok(state.ms > 0 && state.ms <= 60_000, `a wait of ${state.ms} ms`);
          assert.notEqual(advance(state, RESTED).at, 'waiting');
        }
        const active = settled(state);
        assert.ok(active.epoch >= epoch);
        epoch = active.epoch;
        const next = positionOf(active);
        if (next !== undefined && last !== undefined) assert.ok(next >= last, `from ${last} to ${next}`);
        last = active.at === 'listing' || settled(before).at === 'listing' ? undefined : next;
      }
    }),
    { numRuns: 1_000 },
  );
});

/** The state once it has rested. */
function settled(state: WatchState): Active {
  if (state.at === 'gone') assert.fail('The resource is gone.');
  return state.at === 'waiting' ? state.next : state;
}

function positionOf(state: Active): number | undefined {
  return 'resourceVersion' in state ? Number(state.resourceVersion) : undefined;
}

test('namespaces that come into the scope are listed between two watches, at the same position', () => {
  assert.deepEqual(advance(WATCHING, { is: 'entering', entries: ENTRIES }), ENTERING);
  assert.deepEqual(advance(PROBING, { is: 'entering', entries: ENTRIES }), PROBING);
  const more = advance(ENTERING, { is: 'page', continueToken: 'c' });
  assert.deepEqual(more, { ...ENTERING, continueToken: 'c' });
  assert.deepEqual(advance(more, { is: 'entered' }), WATCHING);
});

test('a list of namespaces that fails is begun again, and one of what is served no longer is the end', () => {
  const halfway = { ...ENTERING, continueToken: 'c' };
  for (const code of ['unreachable', 'expired', 'serverError', 'forbidden'] as const) {
    assert.deepEqual(advance(halfway, failed(code)), {
      at: 'waiting',
      ms: 400,
      next: { ...ENTERING, tries: 1 },
    });
  }
  assert.deepEqual(advance(halfway, failed('notFound')), GONE);
  assert.equal(advance(ENTERING, { is: 'rewound' }).at, 'listing');
});
