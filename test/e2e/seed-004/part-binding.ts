import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import type { Row } from '../../support/kubectl-table.ts';
import { kubectl, logs, podLog, table } from '../kubectl.ts';
import { attribute, grep, grepAndNext, printedEvents, timeOf } from '../printed-events.ts';
import { applySeed, deleteSeed } from '../seed-manifest.ts';
import { readyRow, SINK } from './sink.ts';

const CRON_JOB = 'seed-004/cronjob.yaml';
const BINDING = 'seed-004/sinkbinding.yaml';
const TOLD = [
  '- name: K_SINK',
  `value: ${SINK}`,
  '- name: K_CE_OVERRIDES',
  `value: '{"extensions":{"hello":"world"}}'`,
];
/** Its Jobs begin with each minute. */
const SOME_MINUTES_MS = 240_000;

/** 004:250-348, "sink binding". */
export async function sinkBinding(t: TestContext): Promise<void> {
  t.after(async () => {
    await deleteSeed('default', CRON_JOB);
    await deleteSeed('default', BINDING);
  });
  await applySeed('default', CRON_JOB);
  let before = '';
  let after = '';

  await t.test('A13 (seed 004:326-328): a pod of the CronJob that no binding means ends with an error', async () => {
    const pod = await eventually('a pod has failed', () => podThat('Error'), SOME_MINUTES_MS);
    before = pod['NAME'] ?? '';
    assert.equal(pod['READY'], '0/1');
    assert.match(await podLog('default', before), /failed to create client/);
  });

  await applySeed('default', BINDING);

  await t.test('A12 (seed 004:321-323): kubectl get sinkbinding has its columns, sink and readiness', async () => {
    const { headers, row } = await readyRow('sinkbinding', 'test-sink-binding');
    assert.deepEqual(headers, ['NAME', 'SINK', 'AGE', 'READY', 'REASON']);
    assert.deepEqual(row, { NAME: 'test-sink-binding', SINK, READY: 'True', REASON: '' });
  });

  await t.test('A16 (seed 004:324, 338): a Job is told when it is created, before it is stored', async () => {
    const job = ['create', '--dry-run=server', '--output=yaml', '--namespace=default', '--filename=-'];
    await eventually('the webhook is asked', async () => {
      const lines = grepAndNext('K_', await kubectl(job, JSON.stringify(JOB)));
      return lines.map((line) => line.trim()).join('\n') === TOLD.join('\n');
    });
  });

  await t.test('A13 (seed 004:329-330): a pod of the CronJob after the binding completes', async () => {
    const pod = await eventually('a pod has completed', () => podThat('Completed'), SOME_MINUTES_MS);
    after = pod['NAME'] ?? '';
    assert.equal(pod['READY'], '0/1');
  });

  await t.test(
    'A14 (seed 004:331-336): the pod before is told nothing, and that after the sink and the overrides',
    async () => {
      const told = async (pod: string): Promise<string[]> => {
        const yaml = await kubectl(['get', 'pod', pod, '--namespace=default', '--output=yaml']);
        return grepAndNext('K_', yaml).map((line) => line.trim());
      };
      assert.deepEqual(await told(before), []);
      assert.deepEqual(await told(after), TOLD);
    },
  );

  await t.test('A15 (seed 004:342-346): each minute one event with the id 1, and with hello: world', async () => {
    const beats = await eventually(
      'the heartbeats of two minutes',
      async () => {
        const events = printedEvents(await logs('default', 'event-display'));
        const bound = events.filter((event) => attribute('source', event)?.includes('#default/heartbeat-cron-'));
        return bound.length >= 2 && bound;
      },
      SOME_MINUTES_MS,
    );
    for (const event of beats) {
      assert.deepEqual(grep(/id"/, event), ['    "id": 1,']);
      assert.equal(attribute('hello', event), 'world');
    }
    const [first = '', second = ''] = beats;
    assert.notEqual(attribute('source', first), attribute('source', second));
    const apart = (timeOf(second) - timeOf(first)) / 1_000;
    assert.ok(apart > 30 && apart < 90, `${apart} s`);
  });
}

async function podThat(status: string): Promise<Row | undefined> {
  const { rows } = await table('default', 'pods');
  return rows.find(({ NAME, STATUS }) => NAME?.startsWith('heartbeat-cron-') && STATUS === status);
}

/** As the CronJob makes them; the label is the Job's own. */
const JOB = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'not-to-be-stored', labels: { app: 'heartbeat-cron' } },
  spec: {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'single-heartbeat', image: 'busybox' }] } },
  },
};
