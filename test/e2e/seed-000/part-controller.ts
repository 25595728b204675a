import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { apply, kubectl, logs, table, waitUntilAvailable } from '../kubectl.ts';
import { deployment } from '../manifests.ts';
import * as sample from '../sample-source.ts';
import { target } from '../target.ts';

/** 000:34-95, "Managing the Receive Adapter in the Controller". The source is ready. */
export async function controllerOfSource(t: TestContext, { namespace, name }: sample.Named): Promise<void> {
  const { metadata, status } = await sample.read(namespace, name);
  const adapter = `samplesource-${name}-${metadata.uid}`.slice(0, 63);

  await t.test('S000-6 (seed 000:35-41): the generation is observed, and every condition is there', () => {
    assert.equal(status.observedGeneration, metadata.generation);
    const conditions = status.conditions?.map(({ type, status: is }) => `${type} ${is}`);
    assert.deepEqual(conditions, ['Deployed True', 'Ready True', 'SinkProvided True']);
  });

  await t.test('S000-7 (seed 000:43-52): the Deployment has the image, the labels and what it is told', async () => {
    const { metadata: made, spec } = await sample.deploymentOf(namespace, adapter);
    const labels = { 'knative-eventing-source': 'sample-source-controller', 'knative-eventing-source-name': name };
    assert.deepEqual(made.labels, labels);
    const owners = made.ownerReferences?.map((it) => `${it.kind} ${it.name}`);
    assert.deepEqual(owners, [`SampleSource ${name}`]);
    const [container] = spec.template.spec.containers;
    assert.equal(container?.image, sample.IMAGE);
    const told = Object.fromEntries(container.env.map((it) => [it.name, it.value ?? '']));
    assert.deepEqual([told['EVENT_SOURCE'], told['INTERVAL']], [`${namespace}/${name}`, '10s']);
    assert.ok('K_LOGGING_CONFIG' in told);
  });

  await t.test('S000-10 (seed 000:66-69): Deployed is True of a Deployment that is available', async () => {
    const { rows } = await table(namespace, 'deployment', adapter);
    assert.deepEqual([rows[0]?.['READY'], await sample.condition(namespace, name, 'Deployed')], ['1/1', 'True']);
  });

  await t.test('S000-11 (seed 000:72-85): a SinkBinding has the Deployment as its subject', async () => {
    const { spec } = await sample.bindingOf(namespace, name);
    assert.deepEqual(spec.subject, { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: adapter });
  });

  await t.test('S000-13 (seed 000:90-91): the sink of the source is that of its SinkBinding', async () => {
    const binding = await sample.bindingOf(namespace, name);
    const sink = `http://event-display.${namespace}.svc.cluster.local`;
    assert.deepEqual([status.sinkUri, binding.status?.sinkUri], [sink, sink]);
    const { headers, rows } = await table(namespace, 'samplesource', name);
    assert.deepEqual(headers, ['NAME', 'READY', 'REASON', 'SINK', 'AGE']);
    const { AGE: _age, ...row } = rows[0] ?? {};
    assert.deepEqual(row, { NAME: name, READY: 'True', REASON: '', SINK: sink });
  });

  await t.test('S000-14 (seed 000:94-95): a Kubernetes event says that the source was reconciled', async () => {
    await sample.notice(namespace, 'SampleSourceReconciled', `SampleSource reconciled: "${namespace}/${name}"`);
  });

  await sample.patch(namespace, name, { interval: '1s' });

  await t.test('S000-9 (seed 000:63-64): a Kubernetes event says that the Deployment was updated', async () => {
    await sample.notice(namespace, 'DeploymentUpdated', `updated deployment: "${namespace}/${adapter}"`);
  });

  await t.test('S000-3 (seed 000:23): the interval of the adapter is that of the source', async () => {
    await eventually('an event with the other interval', async () =>
      (await logs(namespace, 'event-display')).includes('    "heartbeat": "1s"\n'),
    );
  });

  await t.test('S000-8 (seed 000:54-61): a Deployment is made, and made again when it is gone', async () => {
    const { metadata: old } = await sample.deploymentOf(namespace, adapter);
    await kubectl(['delete', 'deployment', adapter, `--namespace=${namespace}`, '--timeout=180s']);
    await eventually('it is back', async () => {
      const found = await sample.deploymentOf(namespace, adapter).catch(() => undefined);
      return found !== undefined && found.metadata.uid !== old.uid;
    });
    await sample.untilReady(namespace, name);
  });

  await t.test('S000-12 (seed 000:87-88): a Kubernetes event says that the SinkBinding was updated', async () => {
    await apply(namespace, refusing());
    await waitUntilAvailable(namespace, 'refusing');
    await sample.patch(namespace, name, { sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'refusing' } } });
    await sample.notice(namespace, 'SinkBindingUpdated', `updated SinkBinding: "${namespace}/${name}-sinkbinding"`);
  });
}

/** A sink that refuses every event. */
function refusing(): object[] {
  const name = 'refusing';
  const program = "require('node:http').createServer((_, it) => it.writeHead(400).end()).listen(8080)";
  const container = {
    image: target().image,
    command: ['/nodejs/bin/node', '--eval', program],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  };
  const spec = { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] };
  return [
    deployment(name, container, { terminationGracePeriodSeconds: 1 }),
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec },
  ];
}
