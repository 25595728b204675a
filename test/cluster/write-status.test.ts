import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { loadClusterAccess } from '../../src/kube/config.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { type Condition, conditionSet } from '../../src/reconcile/conditions.ts';
import { type ConditionedStatus, writeStatus } from '../../src/reconcile/write-status.ts';
import { clientFor, never } from '../kube/scripted-server.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';
import { conditionedResource } from '../support/conditioned-resource.ts';

const { admin, adminKubeconfig } = sharedCluster();
const { initialise, markTrue, markFalse } = conditionSet({ happy: 'Ready', dependents: ['SinkProvided'] });
const START = Date.UTC(2026);

interface Status extends ConditionedStatus {
  readonly sinkUri?: string;
  readonly namespaces?: readonly string[] | null;
  readonly auth?: { readonly one?: string; readonly two?: string };
}
type Source = KubeObject & { readonly status?: Status; readonly spec?: unknown };

async function stage(t: TestContext) {
  const namespace = await testNamespace(t, 'write-status');
  const kube = clientFor(t, await loadClusterAccess({ kubeconfig: adminKubeconfig, env: {} }));
  const { resource, collection } = await conditionedResource(t, admin);
  const location = `${collection(namespace)}/one`;
  const content = { apiVersion: `${resource.group}/v1`, kind: resource.kind, spec: { a: 1 } };
  await admin.create(collection(namespace), { ...content, metadata: { name: 'one' } });
  const read = async () => (await admin.get(location)) as unknown as Source;
  const write = (object: Source, status: Status, of: Resource = resource) =>
    writeStatus<Status>(kube, of, object, status, never());
  return { location, read, write };
}

test('a status is written once, with the generation it is of, and what it lacks is taken away', async (t) => {
  const { location, read, write } = await stage(t);
  const conditions = markTrue(initialise([], START), 'SinkProvided', '', '', START);
  const first = await write(await read(), { conditions, sinkUri: 'http://a', auth: { one: '1', two: '2' } });
  assert.equal(first.is, 'written');
  const after = await read();
  assert.deepEqual(after.status, {
    observedGeneration: 1,
    conditions,
    sinkUri: 'http://a',
    auth: { one: '1', two: '2' },
  });
  assert.ok(first.is === 'written');
  assert.equal(first.object.metadata.resourceVersion, after.metadata.resourceVersion);

  assert.ok(after.status !== undefined);
  assert.deepEqual(await write(after, after.status), { is: 'unchanged' });
  const reordered = { auth: { two: '2', one: '1' }, conditions, sinkUri: 'http://a', namespaces: null };
  assert.deepEqual(await write(after, reordered), { is: 'unchanged' });
  assert.equal((await write(after, { conditions: [], auth: { two: '2' }, namespaces: ['a'] })).is, 'written');
  assert.deepEqual((await read()).status, {
    observedGeneration: 1,
    conditions: [],
    auth: { two: '2' },
    namespaces: ['a'],
  });

  await admin.patch(location, { spec: { a: 2 } });
  assert.equal((await write(await read(), { conditions: [], auth: { two: '2' }, namespaces: ['a'] })).is, 'written');
  assert.equal((await read()).status?.observedGeneration, 2);
});

test('conditions that came out as they were are not written, whatever their times', async (t) => {
  const { read, write } = await stage(t);
  const before = markFalse(initialise([], START), 'SinkProvided', 'NotFound', 'no sink', START);
  await write(await read(), { conditions: before });
  const seen = await read();
  const later = START + 60_000;
  const between: readonly Condition[] = markTrue(seen.status?.conditions ?? [], 'SinkProvided', '', '', later);
  const after = markFalse(between, 'SinkProvided', 'NotFound', 'no sink', later);
  assert.deepEqual(await write(seen, { conditions: after }), { is: 'unchanged' });
  assert.equal((await write(seen, { conditions: between })).is, 'written');
});

test('a status of an object that changed meanwhile conflicts, and of one that is gone is gone', async (t) => {
  const { location, read, write } = await stage(t);
  const old = await read();
  await admin.patch(location, { metadata: { labels: { a: 'b' } } });
  assert.deepEqual(await write(old, { sinkUri: 'http://a' }), { is: 'conflict' });
  assert.equal((await read()).status, undefined);
  await admin.delete(location);
  assert.deepEqual(await write(old, { sinkUri: 'http://a' }), { is: 'gone' });
});

test('a status that the schema does not allow is an error, not an outcome', async (t) => {
  const { read, write } = await stage(t);
  const mistyped = { observedGeneration: 1, sinkUri: 7 } as unknown as Status;
  await assert.rejects(write(await read(), mistyped), { code: 'invalid', message: /sinkUri/ });
});
