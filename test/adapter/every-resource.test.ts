import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEveryResource } from '../../src/adapter/every-resource.ts';
import { createStreamBoard } from '../../src/adapter/stream-board.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { recordedLog } from './recorded-log.ts';

const GVR = { Group: 'example.com', Version: 'v1', Resource: '*' };

function resource(plural: string): Resource {
  return { group: 'example.com', version: 'v1', plural, kind: plural, namespaced: true, verbs: ['list', 'watch'] };
}

/** What is handed over, and how the board stands, after each look; the answers come one after the other. */
async function looks(...answers: (readonly string[] | undefined | Error)[]): Promise<string[]> {
  const stop = new AbortController();
  const clock = fakeClock();
  const { log, messages } = recordedLog();
  const board = createStreamBoard(() => undefined);
  const said: string[] = [];
  let looked = 0;
  const discovery = {
    find: () => assert.fail(),
    forget: () => undefined,
    watchable: async () => {
      if (looked > 0) said.push(board.lines().join() || 'board clear');
      const answer = answers[looked++];
      if (looked > answers.length) stop.abort();
      if (answer instanceof Error) throw answer;
      return answer?.map(resource);
    },
  };
  const start = ({ plural, appeared }: { plural: string; appeared: boolean }): void => {
    said.push(`${plural}${appeared ? ' appeared' : ''}`);
  };
  await clock.settle(findEveryResource(GVR, { discovery, board, clock, log }, stop.signal, start));
  return [...said, ...messages];
}

test('each resource is handed over once, and those that come later as new ones', async () => {
  assert.deepEqual(await looks(['a', 'b'], ['a', 'b', 'c'], ['a'], ['a', 'b', 'c']), [
    'a',
    'b',
    'board clear',
    'c appeared',
    'board clear',
    'board clear',
    'board clear',
  ]);
});

test('a group version that is not served is said, until it is', async () => {
  const absent =
    '*.v1.example.com: The API server does not serve example.com/v1; install what defines it, or correct apiVersion.';
  assert.deepEqual(await looks(undefined, ['a']), [
    absent,
    'a appeared',
    'board clear',
    'warn: resource cannot be watched yet',
  ]);
});

test('a failure after some are found is none of the board’s business: they speak for themselves', async () => {
  const failure = new KubeError('unreachable', 'No connection.');
  assert.deepEqual(await looks(['a'], failure, ['a', 'b']), [
    'a',
    'board clear',
    'board clear',
    'b appeared',
    'board clear',
  ]);
});
