import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findResource, type Finder, resourceName } from '../../src/adapter/find-resource.ts';
import { createStreamBoard, type StreamBoard } from '../../src/adapter/stream-board.ts';
import type { Found } from '../../src/kube/discovery.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { DEPLOYMENTS } from '../events/changes.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { recordedLog, type RecordedLog } from './recorded-log.ts';

const GVR = { Group: 'apps', Version: 'v1', Resource: 'deployments' };
const FOUND: Found = { is: 'found', resource: DEPLOYMENTS };
const ABSENT: Found = { is: 'noGroupVersion' };

interface Stage extends RecordedLog {
  readonly finder: Finder;
  readonly clock: FakeClock;
  readonly board: StreamBoard;
  /** What the API server was asked for. */
  readonly asked: readonly object[];
  /** How the board stood whenever the API server was asked. */
  readonly standings: readonly string[];
  readonly forgotten: readonly string[];
}

/** Discovery that answers one after the other, the last one for ever. */
function stage(...answers: (Found | Error)[]): Stage {
  const recorded = recordedLog();
  const clock = fakeClock();
  const board = createStreamBoard(() => undefined);
  const asked: object[] = [];
  const standings: string[] = [];
  const forgotten: string[] = [];
  const discovery: Finder['discovery'] = {
    find: async (groupVersion, by) => {
      asked.push({ ...groupVersion, ...by });
      standings.push(board.lines().join());
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer ?? ABSENT;
    },
    watchable: async () => [],
    forget: ({ group, version }) => forgotten.push(`${group}/${version}`),
  };
  return {
    ...recorded,
    clock,
    board,
    asked,
    standings,
    forgotten,
    finder: { discovery, board, clock, log: recorded.log },
  };
}

function find({ finder, clock }: Stage, gvr = GVR) {
  return clock.settle(findResource(gvr, finder, new AbortController().signal));
}

test('a resource that is there is found at once, and its place on the board is free', async () => {
  const it = stage(FOUND);
  it.board.set('deployments.v1.apps', { is: 'starting' });
  assert.deepEqual(await find(it), { ...DEPLOYMENTS, appeared: false });
  assert.deepEqual(it.board.lines(), []);
  assert.deepEqual(it.clock.waits, []);
  assert.deepEqual(it.messages, []);
  assert.deepEqual(it.asked, [{ group: 'apps', version: 'v1', plural: 'deployments' }]);
});

test('an absent resource is asked for until it is there, ever more seldom, and says why it is waited for', async () => {
  const it = stage(...Array.from({ length: 7 }, () => ABSENT), FOUND);
  assert.deepEqual(await find(it), { ...DEPLOYMENTS, appeared: true });
  assert.deepEqual(it.clock.waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  const why = 'The API server does not serve apps/v1; install what defines it, or correct apiVersion.';
  assert.deepEqual(it.standings.slice(0, 2), ['', `deployments.v1.apps: ${why}`]);
  assert.deepEqual(
    it.messages,
    Array.from({ length: 7 }, () => 'warn: resource cannot be watched yet'),
  );
  const [first] = it.entries;
  assert.deepEqual([first?.['resource'], first?.['waitMs'], first?.['detail']], ['deployments.v1.apps', 1_000, why]);
  // What discovery remembers is asked for again.
  assert.deepEqual(
    it.forgotten,
    Array.from({ length: 7 }, () => 'apps/v1'),
  );
});

test('each obstacle is a sentence, and only what was not there at all appears later', async () => {
  const missing = { is: 'notWatchable', resource: DEPLOYMENTS, missingVerbs: ['list', 'watch'] } as const;
  const near = ['deployment', 'daemonsets', 'c', 'd', 'e', 'f'];
  const rows: [Found | Error, why: string, appeared: boolean][] = [
    [ABSENT, 'The API server does not serve apps/v1; install what defines it, or correct apiVersion.', true],
    [
      { is: 'noResource', near },
      'The API server has no deployments in apps/v1; it has deployment, daemonsets, c, d, e.',
      true,
    ],
    [{ is: 'noResource', near: [] }, 'The API server has no deployments in apps/v1; it has nothing there.', true],
    [missing, 'deployments in apps/v1 cannot be watched: it lacks list and watch.', false],
    [new KubeError('forbidden', 'Discovery is forbidden.'), 'Discovery is forbidden.', false],
  ];
  for (const [answer, why, appeared] of rows) {
    const it = stage(answer, FOUND);
    assert.equal((await find(it))?.appeared, appeared, why);
    assert.equal(it.entries[0]?.['detail'], why);
  }
  const core = stage(ABSENT, FOUND);
  await find(core, { ...GVR, Group: '' });
  assert.match(String(core.entries[0]?.['detail']), /does not serve v1;/);
});

test('an abort ends the wait without a resource and without a complaint', async () => {
  const stop = new AbortController();
  const it = stage(ABSENT);
  const found = findResource(GVR, it.finder, stop.signal);
  await it.clock.advance(0);
  assert.equal(it.clock.sleeping, 1);
  stop.abort();
  assert.equal(await found, undefined);
  assert.equal(it.messages.length, 1);

  const asking = stage(new KubeError('aborted', 'The wait was aborted.'));
  const early = new AbortController();
  const answer = findResource(GVR, asking.finder, early.signal);
  early.abort();
  assert.equal(await answer, undefined);
  assert.deepEqual(asking.messages, []);
  assert.deepEqual(asking.board.lines(), []);
});

test('a bug is no obstacle', async () => {
  await assert.rejects(find(stage(new TypeError('x is not a function'))), /x is not a function/);
});

test('a resource is called what kubectl calls it', () => {
  assert.equal(resourceName(GVR), 'deployments.v1.apps');
  assert.equal(resourceName({ Group: '', Version: 'v1', Resource: 'pods' }), 'pods.v1');
});
