import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import type { Row } from '../../support/kubectl-table.ts';
import { SYSTEM } from '../installation.ts';
import { kubectl, logs, table } from '../kubectl.ts';
import { attribute, grep, printedEvents, timeOf } from '../printed-events.ts';
import { applySeed, deleteSeed } from '../seed-manifest.ts';
import { readyRow, SINK } from './sink.ts';

const MANIFEST = 'seed-004/pingsource.yaml';
const MINUTE_MS = 60_000;

/** 004:205-248, "ping source". */
export async function pingSource(t: TestContext): Promise<void> {
  t.after(() => deleteSeed('default', MANIFEST));
  assert.deepEqual(await adapterPods(), []);
  await applySeed('default', MANIFEST);

  await t.test('A9 (seed 004:229-231): kubectl get pingsource has its columns, sink and readiness', async () => {
    const { headers, row } = await readyRow('pingsource', 'test-ping-source');
    // Upstream has had SCHEDULE after 0.17.
    assert.deepEqual(headers, ['NAME', 'SINK', 'SCHEDULE', 'AGE', 'READY', 'REASON']);
    assert.deepEqual(row, { NAME: 'test-ping-source', SINK, SCHEDULE: '*/1 * * * *', READY: 'True', REASON: '' });
  });

  await t.test(
    'A10 (seed 004:234-236): the first source brings the adapter, which runs beside the controller',
    async () => {
      assert.deepEqual(
        (await adapterPods()).map(({ READY, STATUS, RESTARTS }) => ({ READY, STATUS, RESTARTS })),
        [{ READY: '1/1', STATUS: 'Running', RESTARTS: '0' }],
      );
    },
  );

  await t.test('A11 (seed 004:240-244): event-display prints "hello, world!" each minute', async () => {
    const pings = await eventually(
      'two pings',
      async () => {
        const found = printedEvents(await logs('default', 'event-display')).filter(isPing);
        return found.length >= 2 && found;
      },
      4 * MINUTE_MS,
    );
    for (const event of pings) {
      const [time = '', ...others] = grep(/time|message/, event);
      assert.match(time, /^ {2}time: \d{4}-\d\d-\d\dT\d\d:\d\d:00(\.\d+)?Z$/);
      assert.deepEqual(others, ['    "message": "hello, world!"']);
    }
    const [first = '', second = ''] = pings;
    assert.equal(timeOf(second) - timeOf(first), MINUTE_MS);
  });

  await t.test('A11 (seed 004:240-244): what is printed comes within the first seconds of its minute', async () => {
    const flags = ['--selector=app=event-display', '--tail=-1', '--timestamps'];
    const lines = grep(/hello, world!/, await kubectl(['logs', '--namespace=default', ...flags]));
    assert.ok(lines.length >= 2);
    for (const line of lines) assert.ok(Date.parse(line.split(' ')[0] ?? '') % MINUTE_MS < 10_000, line);
  });

  await t.test('A10 (seed 004:234-236): the last source takes the adapter with it', async () => {
    await deleteSeed('default', MANIFEST);
    await eventually('the adapter is gone', async () => (await adapterPods()).length === 0);
  });
}

async function adapterPods(): Promise<readonly Row[]> {
  const { rows } = await table(SYSTEM, 'pods');
  return rows.filter(({ NAME }) => NAME?.startsWith('pingsource-mt-adapter-'));
}

function isPing(event: string): boolean {
  return attribute('source', event) === '/apis/v1/namespaces/default/pingsources/test-ping-source';
}
