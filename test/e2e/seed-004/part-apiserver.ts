import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { addressable, installStub } from '../addressable-stub.ts';
import { apply, kubectl, logs, table } from '../kubectl.ts';
import { attribute, grep, printedEvents } from '../printed-events.ts';
import { applySeed, deleteSeed } from '../seed-manifest.ts';
import { readyRow, SINK } from './sink.ts';

const SINKS = [
  { group: 'serving.knative.dev', kind: 'Service', plural: 'services' },
  { group: 'messaging.knative.dev', kind: 'Channel', plural: 'channels' },
  { group: 'eventing.knative.dev', kind: 'Broker', plural: 'brokers' },
];

/** 004:36-141, "apiserver source". */
export async function apiServerSource(t: TestContext): Promise<void> {
  t.after(async () => {
    await kubectl(['delete', 'pod', 'busybox', '--namespace=default', '--ignore-not-found', '--timeout=180s']);
    await deleteSeed('default', 'seed-004/apiserversource.yaml');
    await deleteSeed('default', 'seed-004/rbac.yaml');
  });
  await applySeed('default', 'seed-004/rbac.yaml');
  await applySeed('default', 'seed-004/apiserversource.yaml');

  await t.test('A1 (seed 004:119-121): kubectl get apiserversource has its columns, sink and readiness', async () => {
    const { headers, row } = await readyRow('apiserversource', 'test-apiserver-source');
    assert.deepEqual(headers, ['NAME', 'SINK', 'AGE', 'READY', 'REASON']);
    assert.deepEqual(row, { NAME: 'test-apiserver-source', SINK, READY: 'True', REASON: '' });
  });

  await t.test('A2 (seed 004:124-126): one pod of its name runs, ready and never restarted', async () => {
    const selector = '--selector=eventing.knative.dev/sourceName=test-apiserver-source';
    const { rows } = await table('default', 'pods', selector);
    assert.deepEqual(
      rows.map(({ READY, STATUS, RESTARTS }) => ({ READY, STATUS, RESTARTS })),
      [{ READY: '1/1', STATUS: 'Running', RESTARTS: '0' }],
    );
    assert.match(rows[0]?.['NAME'] ?? '', /^apiserversource-test-apiserver-/);
  });

  await t.test('A4 (seed 004:130-134): event-display prints that a container was created and started', async () => {
    await kubectl(['run', 'busybox', '--namespace=default', '--image=busybox', '--restart=Never', '--', 'ls']);
    const ended = ['pod/busybox', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=180s'];
    await kubectl(['wait', '--namespace=default', ...ended]);
    await kubectl(['delete', 'pod', 'busybox', '--namespace=default', '--timeout=180s']);
    const messages = await eventually('event-display has printed the start', async () => {
      const found = messagesAbout('busybox', await logs('default', 'event-display'));
      return found.some((line) => /started/i.test(line)) && found;
    });
    // Kubelets word it "Created container busybox", "Created container: busybox" or "Container created".
    const made = messages.filter((line) => /^ {4}"message": "(Created container|Container created)/.test(line));
    const begun = messages.filter((line) => /^ {4}"message": "(Started container|Container started)/.test(line));
    assert.deepEqual([made.length, begun.length], [1, 1], messages.join('\n'));
  });

  await t.test('A3 (seed 004:105-113): a Knative Service, a Channel and a Broker are sinks, too', async (row) => {
    // Paths, so that it shows which address was meant.
    const url = (kind: string): string => `${SINK}/${kind.toLowerCase()}`;
    row.after(() => kubectl(['delete', 'apiserversource', '--selector=row=a3', '--namespace=default']));
    for (const stub of SINKS) {
      await installStub(row, stub);
      await apply('default', [addressable(stub, 'display', url(stub.kind)), sourceTo(stub.group, stub.kind)]);
    }
    for (const { kind } of SINKS) {
      const { row: shown } = await readyRow('apiserversource', `to-${kind.toLowerCase()}`);
      assert.equal(shown['SINK'], url(kind));
    }
    await apply('default', [kubernetesEvent('a3')]);
    const wanted = SINKS.map(({ kind }) => kind).toSorted();
    await eventually('event-display has the event by each of them', async () => {
      const events = printedEvents(await logs('default', 'event-display')).filter((event) =>
        event.includes('/events/a3\n'),
      );
      const by = new Set(events.flatMap((event) => attribute('by', event) ?? []));
      return JSON.stringify([...by].toSorted()) === JSON.stringify(wanted);
    });
  });
}

/** The lines that the seed greps for, of the events about one pod. */
function messagesAbout(pod: string, log: string): string[] {
  const events = printedEvents(log).filter((event) => event.includes(`/events/${pod}.`));
  return events.flatMap((event) => grep(/message/, event));
}

/** The seed's source, with another sink. */
function sourceTo(group: string, kind: string): object {
  return {
    apiVersion: 'sources.knative.dev/v1beta1',
    kind: 'ApiServerSource',
    metadata: { name: `to-${kind.toLowerCase()}`, labels: { row: 'a3' } },
    spec: {
      serviceAccountName: 'events-sa',
      mode: 'Resource',
      resources: [{ apiVersion: 'v1', kind: 'Event' }],
      ceOverrides: { extensions: { by: kind } },
      sink: { ref: { apiVersion: `${group}/v1`, kind, name: 'display' } },
    },
  };
}

function kubernetesEvent(name: string): object {
  const involvedObject = { apiVersion: 'v1', kind: 'Namespace', namespace: 'default', name: 'default' };
  const metadata = { name, labels: { row: 'a3' } };
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject,
    reason: 'Tried',
    message: 'tried',
    type: 'Normal',
  };
}
