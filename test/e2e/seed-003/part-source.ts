import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { addressable, installStub } from '../addressable-stub.ts';
import { apply, kubectl, logs, openNamespace, table, waitUntilAvailable } from '../kubectl.ts';
import { eventDisplay } from '../manifests.ts';
import { attribute, printedEvents, timeOf } from '../printed-events.ts';
import { applySeed } from '../seed-manifest.ts';
import { target } from '../target.ts';

const MANIFEST = 'seed-003/containersource.yaml';
const KNATIVE_SERVICE = { group: 'serving.knative.dev', kind: 'Service', plural: 'services' };
const HOUR_MS = 3_600_000;

/** 003:158-183, the ContainerSource. */
export async function containerSource(t: TestContext): Promise<void> {
  const namespace = await openNamespace(t, 'seed-003');
  const sink = `http://event-display.${namespace}.svc.cluster.local`;
  await apply(namespace, eventDisplay(target().image));
  await waitUntilAvailable(namespace, 'event-display');
  await applySeed(namespace, MANIFEST);
  let pod = '';

  await t.test(
    'S003-7 (seed 003:160-183): without Knative Serving it is not ready, and the binding says why',
    async () => {
      const found = await eventually('the source says why', async () => {
        const ready = await readyCondition(namespace, 'containersource', 'test-heartbeats');
        return ready?.status === 'False' && ready;
      });
      const binding = await readyCondition(namespace, 'sinkbinding', 'test-heartbeats-sinkbinding');
      assert.deepEqual([found.reason, found.message], [binding?.reason, binding?.message]);
      assert.match(found.message ?? '', /does not serve serving\.knative\.dev\/v1/);
      assert.deepEqual(
        (await table(namespace, 'pods')).rows.filter(({ NAME }) => NAME?.startsWith('test-')),
        [],
      );
    },
  );

  await t.test(
    'S003-7 (seed 003:160-183): with a Service of that kind, it is ready and its address the sink',
    async () => {
      // What follows needs it, too.
      await installStub(t, KNATIVE_SERVICE);
      await apply(namespace, [addressable(KNATIVE_SERVICE, 'example-service', sink)]);
      const found = await eventually('the source is ready', async () => {
        const { rows } = await table(namespace, 'containersource');
        return rows.find(({ NAME, READY }) => NAME === 'test-heartbeats' && READY === 'True');
      });
      assert.equal(found['SINK'], sink);
      const { rows } = await table(namespace, 'pods');
      const ours = rows.filter(({ NAME }) => NAME?.startsWith('test-heartbeats-deployment-'));
      assert.deepEqual(
        ours.map(({ READY, STATUS, RESTARTS }) => ({ READY, STATUS, RESTARTS })),
        [{ READY: '1/1', STATUS: 'Running', RESTARTS: '0' }],
      );
      pod = ours[0]?.['NAME'] ?? '';
    },
  );

  await t.test('S003-1 (seed 003:8): two variables are injected, K_SINK and K_CE_OVERRIDES', async () => {
    const { spec } = JSON.parse(await kubectl(['get', 'pod', pod, `--namespace=${namespace}`, '--output=json'])) as {
      spec: { containers: { env: { name: string; value?: string }[] }[] };
    };
    assert.deepEqual(
      spec.containers.map(({ env }) => env.map(({ name, value = '' }) => [name, value])),
      [
        [
          ['POD_NAME', 'example-pod'],
          ['POD_NAMESPACE', 'event-test'],
          ['K_SINK', sink],
          ['K_CE_OVERRIDES', ''],
        ],
      ],
    );
  });

  let first = '';
  await t.test('S003-2 (seed 003:8): its events come to K_SINK', async () => {
    first = await eventually('an event', async () => printedEvents(await logs(namespace, 'event-display'))[0]);
  });

  await t.test('S003-4 (seed 003:99, 111-142): they have the attributes, the extensions and the data', () => {
    assert.match(attribute('id', first) ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.ok(Math.abs(Date.now() - timeOf(first)) < HOUR_MS);
    assert.equal(first.replace(/^ {2}(id|time): .*$/gm, '  $1'), EVENT);
  });

  await t.test('S003-1 (seed 003:8): an override of the source is on the events that follow', async () => {
    const overrides = { spec: { ceOverrides: { extensions: { heart: 'no', hello: 'world' } } } };
    const flags = [`--namespace=${namespace}`, '--type=merge', `--patch=${JSON.stringify(overrides)}`];
    await kubectl(['patch', 'containersource', 'test-heartbeats', ...flags]);
    const event = await eventually('an event with it', async () =>
      printedEvents(await logs(namespace, 'event-display')).find((it) => attribute('hello', it) === 'world'),
    );
    assert.deepEqual(
      ['beats', 'heart', 'the'].map((name) => attribute(name, event)),
      ['true', 'no', '42'],
    );
  });
}

const EVENT = `☁️  cloudevents.Event
Context Attributes,
  specversion: 1.0
  type: dev.knative.eventing.samples.heartbeat
  source: https://knative.dev/eventing-contrib/cmd/heartbeats/#event-test/example-pod
  id
  time
  datacontenttype: application/json
Extensions,
  beats: true
  heart: yes
  the: 42
Data,
  {
    "id": 1,
    "label": ""
  }
`;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

async function readyCondition(namespace: string, kind: string, name: string): Promise<Condition | undefined> {
  const text = await kubectl(['get', kind, name, `--namespace=${namespace}`, '--output=json', '--ignore-not-found']);
  if (text === '') return undefined;
  const { status } = JSON.parse(text) as { status?: { conditions?: readonly Condition[] } };
  return status?.conditions?.find(({ type }) => type === 'Ready');
}
