import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControlledKind } from '../../src/commands/controller-kinds.ts';
import { runKinds } from '../../src/commands/run-kinds.ts';
import { createReadinessBoard } from '../../src/process/readiness-board.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { objectServer } from '../kube/object-server.ts';
import { answer } from '../kube/scripted-server.ts';
import { INSTALLATION } from '../sources/apiserver/sources.ts';
import { eventually } from '../support/eventually.ts';
import { fakeClock } from '../support/fake-clock.ts';

/** An API server that has these plurals, and what is needed to run kinds with it. */
async function stage(t: Parameters<typeof objectServer>[0], plurals: string[]) {
  const server = await objectServer(t, (request, response) => {
    if (request.url !== '/apis/a.b/v1') return false;
    const verbs = ['list', 'watch'];
    const resources = plurals.map((name) => ({ name, kind: name, namespaced: true, verbs }));
    answer(response, 200, { kind: 'APIResourceList', groupVersion: 'a.b/v1', resources });
    return true;
  });
  const clock = fakeClock();
  const { log, messages } = recordedLog();
  const board = createReadinessBoard();
  const io = {
    kube: server.client,
    clock,
    log,
    metrics: createControllerMetrics(),
    countNotice: () => undefined,
    installation: INSTALLATION,
    clusterDomain: 'cluster.local',
  };
  return { io, clock, board, messages };
}

function kind(plural: string, run: ControlledKind['run']): ControlledKind {
  return { resource: { group: 'a.b', version: 'v1', plural }, run };
}

/** Ends with the signal. */
const lasting: ControlledKind['run'] = async ({ started }, signal) => {
  started?.('it');
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
};

test('a kind that is not installed holds up neither another nor readiness, and begins when it is', async (t) => {
  const served = ['doors'];
  const { io, clock, board, messages } = await stage(t, served);
  const stop = new AbortController();
  const running = runKinds([kind('doors', lasting), kind('gates', lasting)], io, board, stop.signal);
  await eventually('both to be known', () => board.ready());
  assert.deepEqual(board.lines(), ['doors: running', 'gates: not installed']);
  served.push('gates');
  await clock.advance(5_000);
  await eventually('the other to begin', () => board.lines().includes('gates: running'));
  stop.abort();
  await running;
  assert.deepEqual(messages, ['info: kind is not installed; it is looked for again']);
});

test('a bug of one kind ends all of them, and is thrown', async (t) => {
  const { io, board } = await stage(t, ['doors', 'gates']);
  const ended: string[] = [];
  const patient: ControlledKind['run'] = async (its, signal) => {
    await lasting(its, signal);
    ended.push('doors');
  };
  const broken: ControlledKind['run'] = () => Promise.reject(new Error('a bug'));
  const running = runKinds([kind('doors', patient), kind('gates', broken)], io, board, new AbortController().signal);
  await assert.rejects(running, /a bug/);
  assert.deepEqual(ended, ['doors']);
});
