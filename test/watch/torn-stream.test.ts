import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Change } from '../../src/watch/change.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import { watchStream } from '../../src/watch/watch-stream.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { anyHistory, type History, replay, truthAfter } from './history.ts';
import { honestServer, type Mishap } from './honest-server.ts';
import { lineOf, sentenceOf } from './objects.ts';
import { PODS } from './pods.ts';
import { clientOf } from './scripted-stream.ts';

/** What a stream tells of a history that it first sees at `version`, up to the end of the history. */
async function follow(history: History, version: number, mishaps: readonly Mishap[]): Promise<Change[]> {
  await using server = await honestServer(history, version, mishaps);
  await using client = clientOf(server.url);
  const clock = fakeClock();
  const stop = new AbortController();
  const told: Change[] = [];
  const run = async () => {
    const stream = { ...PODS, initialEvents: 'all' } as const;
    const io = { kube: client, clock, tell: () => {} };
    for await (const step of watchStream(stream, createKnownObjects(), io, stop.signal)) {
      told.push(...step.changes);
      if (step.resumeAt === String(history.length)) stop.abort();
    }
  };
  await clock.settle(run());
  return told;
}

test('a watch that is torn at any byte loses nothing and tells nothing twice', async () => {
  const history = ['ADDED ä😀 u1@1', 'MODIFIED ä😀 u1@2', 'DELETED ä😀 u1@3'];
  const whole = ['add ä😀 u1@1 by list', 'update ä😀 u1@2 over u1@1', 'delete ä😀 u1@3 over u1@2'];
  const length = Buffer.byteLength(
    history
      .slice(1)
      .map((event) => `${lineOf(event)}\n`)
      .join(''),
  );
  const list: Mishap = { happened: 0, cut: Infinity, how: 'closed' };
  for (let cut = 0; cut <= length; cut++) {
    const told = await follow(history, 1, [list, { happened: 2, cut, how: cut % 2 === 0 ? 'closed' : 'reset' }]);
    assert.deepEqual(told.map(sentenceOf), whole, `cut before byte ${cut}`);
  }
});

test('whatever happens to lists and watches, what is told ends at the truth and never goes back', async () => {
  const mishap = fc.record<Mishap>({
    happened: fc.nat(6),
    cut: fc.oneof(fc.nat(1_500), fc.constant(Infinity)),
    how: fc.constantFrom('closed', 'reset', 'expired'),
  });
  const life = anyHistory.filter((history) => history.length > 0);
  await fc.assert(
    fc.asyncProperty(life, fc.nat(), fc.array(mishap, { maxLength: 6 }), async (history, start, mishaps) => {
      const told = await follow(history, 1 + (start % history.length), mishaps);
      assert.deepEqual(replay(told), truthAfter(history));
    }),
    { numRuns: 100 },
  );
});
