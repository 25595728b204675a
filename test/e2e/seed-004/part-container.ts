import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { kubectl, logs, table } from '../kubectl.ts';
import { attribute, grep, grepAndNext, printedEvents, timeOf } from '../printed-events.ts';
import { applySeed, deleteSeed } from '../seed-manifest.ts';
import { readyRow, SINK } from './sink.ts';

const MANIFEST = 'seed-004/containersource.yaml';
const SOURCE = 'https://knative.dev/eventing-contrib/cmd/heartbeats/#event-test/mypod';

/** 004:143-203, "container source". */
export async function containerSource(t: TestContext): Promise<void> {
  t.after(() => deleteSeed('default', MANIFEST));
  await applySeed('default', MANIFEST);
  let pod = '';

  await t.test('A5 (seed 004:176-178): kubectl get containersource has its columns, sink and readiness', async () => {
    const { headers, row } = await readyRow('containersource', 'test-container-source');
    assert.deepEqual(headers, ['NAME', 'SINK', 'AGE', 'READY', 'REASON']);
    assert.deepEqual(row, { NAME: 'test-container-source', SINK, READY: 'True', REASON: '' });
  });

  await t.test('A6 (seed 004:181-183): a pod of the Deployment’s name runs, ready and never restarted', async () => {
    const { rows } = await table('default', 'pods');
    const ours = rows.filter(({ NAME }) => NAME?.startsWith('test-container-source-'));
    assert.deepEqual(
      ours.map(({ READY, STATUS, RESTARTS }) => ({ READY, STATUS, RESTARTS })),
      [{ READY: '1/1', STATUS: 'Running', RESTARTS: '0' }],
    );
    pod = ours[0]?.['NAME'] ?? '';
    assert.match(pod, /^test-container-source-deployment-[0-9a-z]+-[0-9a-z]{5}$/);
  });

  await t.test('A7 (seed 004:187-189): the pod’s K_SINK is the address of the sink', async () => {
    const yaml = await kubectl(['get', 'pod', pod, '--namespace=default', '--output=yaml']);
    const lines = grepAndNext('K_SINK', yaml).map((line) => line.trim());
    assert.deepEqual(lines, ['- name: K_SINK', `value: ${SINK}`]);
  });

  await t.test('A8 (seed 004:193-199): a heartbeat each second, counted up, the time before the id', async () => {
    const beats = await eventually('six heartbeats', async () => {
      const events = printedEvents(await logs('default', 'event-display'));
      const ours = events.filter((event) => attribute('source', event) === SOURCE);
      return ours.length >= 6 && ours;
    });
    beats.forEach((event, i) => {
      const [time = '', id, ...others] = grep(/time|id"/, event);
      assert.match(time, /^ {2}time: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      assert.deepEqual([id, others], [`    "id": ${i + 1},`, []]);
    });
    const pauses = beats.slice(1).map((event, i) => timeOf(event) - timeOf(beats[i] ?? ''));
    // A machine that is busy may let one beat wait, and not most of them.
    const median = pauses.toSorted((a, b) => a - b)[Math.floor(pauses.length / 2)] ?? 0;
    assert.ok(median > 800 && median < 1_200, JSON.stringify(pauses));
  });
}
