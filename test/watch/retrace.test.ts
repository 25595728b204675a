import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Change } from '../../src/watch/change.ts';
import { createKnownObjects, type KnownObjects } from '../../src/watch/known-objects.ts';
import { affordableMoments, momentsBetween } from '../../src/watch/moments.ts';
import { pastPageRequest } from '../../src/watch/requests.ts';
import { advance } from '../../src/watch/advance.ts';
import { relearned, resumed, type Retracing } from '../../src/watch/watch-state.ts';
import { watchStream } from '../../src/watch/watch-stream.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { anyHistory, replay, truthAfter } from './history.ts';
import { honestServer } from './honest-server.ts';
import { endOfList, errorLine, headOf, knownIn } from './objects.ts';
import { PODS } from './pods.ts';
import { clientOf, type Exchange, lines, page, play, refusal, type Transcript } from './scripted-stream.ts';

const EXPIRED = errorLine({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });
const PLACE = { resourceVersion: '100', epoch: 0 };
/** After a crash, in which what was told up to 110 is known. */
const CRASHED = resumed(PLACE, true, { told: '110', most: 3 });
/** It comes back at 210: what can be asked of the time between is what existed at 111, 115 and 132. */
const GONE: readonly Exchange[] = [
  ['head', page('210')],
  ['watch 100', lines(EXPIRED)],
];

function knowing(...objects: readonly string[]): KnownObjects {
  const known = createKnownObjects();
  for (const object of objects) known.remember(headOf(object));
  return known;
}

function listed({ news }: Transcript): unknown[] {
  return news.flatMap((it) => (it.is === 'listed' ? [[it.why, it.since, it.resourceVersion, it.found]] : []));
}

test('the moments are close together after what was told, farther and farther apart, and before the head', () => {
  const rows: [what: string, told: string, head: string, most: number, moments: string[]][] = [
    ['few between', '110', '114', 128, ['111', '112', '113']],
    ['many between', '110', '1110', 6, ['111', '113', '120', '142', '210', '426']],
    ['none between', '110', '111', 9, []],
    ['nothing happened', '110', '110', 9, []],
    ['a head before it', '110', '100', 9, []],
    ['versions that are no numbers', 'abc', '110', 9, []],
    ['a head that is none', '110', 'xyz', 9, []],
    ['more than numbers can tell apart', '9007199254740993', '9007199254740999', 9, []],
  ];
  for (const [what, told, head, most, moments] of rows) {
    assert.deepEqual(momentsBetween({ told, most }, head), moments, what);
  }
});

test('whatever the versions, no more moments than wanted, all between, and each once in their order', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(1_000_000), fc.integer({ min: 1, max: 128 }), (told, span, most) => {
      const head = told + span;
      fc.pre(Number.isSafeInteger(head));
      const moments = momentsBetween({ told: String(told), most }, String(head)).map(Number);
      assert.ok(moments.length <= most);
      assert.ok(moments.every((moment, i) => moment > (moments[i - 1] ?? told) && moment < head));
      if (span > 1) assert.equal(moments[0], told + 1);
      // As many as there are, where that is not too many.
      if (span <= most) assert.equal(moments.length, Math.max(span - 1, 0));
    }),
  );
});

test('a few moments are looked at however many objects there are, and of few objects more', () => {
  assert.deepEqual([0, 100, 1_000, 10_000, 1_000_000].map(affordableMoments), [128, 128, 20, 4, 4]);
});

test('after a crash and a gap, what was told in between and is gone by now is found and told', async () => {
  const it = await play(
    [
      ...GONE,
      ['past 111', page('111', ['a u1@90', 'b u2@105', 'c u3@111'])],
      ['past 115', page('115', ['a u1@90', 'b u2@114', 'd u4@113'])],
      ['past 132', page('132', ['a u1@130', 'd u5@131'])],
      ['streaming list', lines('ADDED a u1@130', endOfList('210'))],
      ['past 100', page('100', ['a u1@90', 'b u2@95'])],
    ],
    { until: 'watch 210', stream: { initialEvents: 'all' }, from: CRASHED, knows: knowing('a u1@90', 'b u2@105') },
  );
  assert.deepEqual(it.told, [
    'add c u3@111 by comparison',
    'update b u2@114 over u2@105 by comparison',
    'add d u4@113 by comparison',
    'update a u1@130 over u1@90 by comparison',
    'delete d u4@113 over u4@113 by comparison, without body',
    'add d u5@131 by comparison',
    // Its id names the last version that any moment showed.
    'delete b u2@114 over u2@114 by comparison',
    'delete c u3@111 over u3@111 by comparison, without body',
    'delete d u5@131 over u5@131 by comparison, without body',
  ]);
  assert.deepEqual(knownIn(it.known), ['a u1@130']);
  // One gap, and the position does not move before its end.
  assert.deepEqual(listed(it), [['expired', '100', '210', { objects: 1, added: 3, updated: 2, deleted: 4 }]]);
  assert.deepEqual(
    it.steps.flatMap(({ resumeAt }) => resumeAt ?? []),
    ['100', '210'],
  );
});

test('a moment that is gone is passed over, and a server that cannot show any is asked for none', async () => {
  const compacted = await play(
    [
      ...GONE,
      ['past 111', refusal(410, 'Expired')],
      ['past 115', page('115', ['c u3@111'], 'more')],
      ['page more', refusal(410, 'Expired')],
      ['past 132', page('132', ['c u3@131'])],
      ['streaming list', lines(endOfList('210'))],
    ],
    { until: 'watch 210', stream: { carries: 'metadata' }, from: CRASHED, knows: knowing() },
  );
  assert.deepEqual(compacted.told, [
    'add c u3@111 by comparison',
    'update c u3@131 over u3@111 by comparison',
    'delete c u3@131 over u3@131 by comparison, without body',
  ]);
  const refused = await play(
    [
      ...GONE,
      // It may have just started.
      ['past 111', refusal(500, 'InternalError')],
      ['past 111', refusal(400, 'BadRequest')],
      ['streaming list', lines(endOfList('210'))],
    ],
    { until: 'watch 210', from: CRASHED },
  );
  assert.deepEqual(refused.told, []);
});

test('nothing is retraced where the history is there, where nothing crashed, or once something came', async () => {
  await play(
    [
      ['head', page('210')],
      ['watch 100', lines('ADDED c u3@111')],
      ['head', page('210')],
      ['watch 111', lines(EXPIRED)],
    ],
    {
      until: 'streaming list',
      from: CRASHED,
    },
  );
  await play(GONE, { until: 'streaming list', from: resumed(PLACE, true) });
  await play(
    [
      ['head', page('111')],
      ['watch 100', lines(EXPIRED)],
    ],
    { until: 'streaming list', from: CRASHED },
  );
});

test('the past is looked at for a quarter of a minute at most', async () => {
  const slow: Exchange[1] = (response, clock) => void clock.advance(15_000).then(() => page('111')(response, clock));
  await play([...GONE, ['past 111', slow]], { until: 'streaming list', from: CRASHED });
});

test('a stream that has to see what existed at its position first, retraces as well', async () => {
  const from = relearned(PLACE, true, { told: '110', most: 1 });
  await play([['past 100', page('100')], ...GONE, ['past 111', page('111')]], { until: 'streaming list', from });
});

test('a moment that cannot be shown now is asked for again, from its first page', () => {
  const state: Retracing = {
    at: 'retracing',
    since: '5',
    moments: ['7', '9'],
    form: 'watchList',
    continueToken: 'c',
    epoch: 2,
    tries: 0,
  };
  const failed = advance(state, { is: 'failed', code: 'throttled', retryAfterMs: undefined, jitter: 0 });
  assert.deepEqual(failed.at === 'waiting' && failed.next, { ...state, continueToken: undefined, tries: 1 });
  assert.equal(pastPageRequest(PODS, { ...state, continueToken: undefined }).query?.['resourceVersion'], '7');
  assert.equal(pastPageRequest(PODS, state).accept, 'application/json');
  assert.match(pastPageRequest({ ...PODS, carries: 'metadata' }, state).accept ?? '', /PartialObjectMetadataList/);
  assert.equal(advance(state, { is: 'failed', code: 'notFound', retryAfterMs: undefined, jitter: 0 }).at, 'gone');
});

test('whatever happened around a crash and a gap, every object that was told is told to its end, in order', async () => {
  const life = anyHistory.filter((history) => history.length > 0);
  await fc.assert(
    fc.asyncProperty(life, fc.nat(), fc.nat(3), fc.integer({ min: 1, max: 40 }), async (history, crash, lag, most) => {
      const told = 1 + (crash % history.length);
      const position = Math.max(1, told - lag);
      const before = history.slice(0, told);
      await using server = await honestServer(history, history.length, [{ happened: 0, cut: 0, how: 'expired' }]);
      await using client = clientOf(server.url);
      const stop = new AbortController();
      const known = knowing(...Array.from(truthAfter(before), (it) => it.join(' ')));
      // Those who listen know what was told.
      const heard: Change[] = Array.from(known.all(), (object) => ({
        type: 'add',
        object,
        body: undefined,
        before: undefined,
        foundBy: 'watch',
      }));
      const clock = fakeClock();
      const run = async (): Promise<void> => {
        const from = resumed({ resourceVersion: String(position), epoch: 0 }, true, { told: String(told), most });
        const io = { kube: client, clock, tell: () => undefined };
        for await (const step of watchStream({ ...PODS, initialEvents: 'all' }, known, io, stop.signal, from)) {
          heard.push(...step.changes);
          if (step.resumeAt === String(history.length)) stop.abort();
        }
      };
      await clock.settle(run());
      assert.deepEqual(replay(heard), truthAfter(history));
      // Of every version one moment at most: then nothing stays unseen.
      if (most < 40) return;
      const ended = new Set(heard.flatMap(({ type, object }) => (type === 'delete' ? [object.uid] : [])));
      for (const event of history.slice(told, -1)) {
        const [type, , head = ''] = event.split(' ');
        if (type === 'DELETED') assert.ok(ended.has(head.split('@')[0] ?? ''), event);
      }
    }),
    { numRuns: 100 },
  );
});
