import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResolvedSink } from '../../../src/reconcile/resolve-sink.ts';
import { adapterDeployment } from '../../../src/sources/ping/adapter-deployment.ts';
import { type Facts, plan } from '../../../src/sources/ping/plan.ts';
import { INSTALLATION } from '../apiserver/sources.ts';
import { pingSource } from './firings.ts';

const RESOLVED: ResolvedSink = {
  is: 'resolved',
  sink: { uri: 'http://orders.shop.svc', CACerts: 'PEM', audience: 'a' },
};
const AVAILABLE = {
  ...adapterDeployment(INSTALLATION, 1),
  status: { conditions: [{ type: 'Available', status: 'True' }] },
};

function facts(more: Partial<Facts> = {}): Facts {
  const { status: _status, ...source } = pingSource('a');
  return { source, now: Date.UTC(2026), sink: RESOLVED, deployment: AVAILABLE, refused: undefined, ...more };
}

function conditionsOf(it: Facts): string[] {
  return (plan(it).status.conditions ?? []).map(({ type, status, reason = '' }) =>
    `${type} ${status} ${reason}`.trim(),
  );
}

test('a source with all it needs is Ready, with upstream’s status', () => {
  const { status, notices } = plan(facts());
  assert.deepEqual(conditionsOf(facts()), [
    'Deployed True',
    'OIDCIdentityCreated True authentication-oidc feature disabled',
    'Ready True',
    'SinkProvided True',
  ]);
  const { conditions: _conditions, ...rest } = status;
  assert.deepEqual(rest, {
    observedGeneration: 1,
    ceAttributes: [{ type: 'dev.knative.sources.ping', source: '/apis/v1/namespaces/shop/pingsources/ping-a' }],
    sinkUri: 'http://orders.shop.svc',
    sinkCACerts: 'PEM',
    sinkAudience: 'a',
  });
  assert.deepEqual(notices, []);
});

test('a plan of its own outcome changes nothing', () => {
  const first = facts();
  const { status } = plan(first);
  const later = { ...first, source: { ...first.source, status }, now: first.now + 60_000 };
  assert.deepEqual(plan(later).status, status);
});

test('a sink that is not found is told, and what the status said of it stays', () => {
  const source = pingSource('a', { sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } } });
  const sink: ResolvedSink = {
    is: 'unresolved',
    code: 'objectNotFound',
    reason: 'NotFound',
    sentence: 'There is none.',
    askAgain: false,
  };
  const it = facts({ source, sink });
  assert.ok(conditionsOf(it).includes('SinkProvided False NotFound'));
  assert.ok(conditionsOf(it).includes('Ready False NotFound'));
  assert.equal(plan(it).status.sinkUri, source.status?.sinkUri);
  assert.deepEqual(
    plan(it).notices.map(({ reason, message }) => [reason, message]),
    [
      [
        'SinkNotFound',
        'Sink not found: {"ref":{"kind":"Service","namespace":"shop","name":"orders","apiVersion":"v1"}}',
      ],
    ],
  );
});

const DEPLOYED: readonly (readonly [what: string, more: Partial<Facts>, condition: string])[] = [
  ['no Deployment yet', { deployment: undefined }, 'Deployed Unknown DeploymentUnavailable'],
  ['one that may not be made', { refused: 'It may not be written.' }, 'Deployed False DeploymentRefused'],
  ['a spec that is wrong', { source: pingSource('a', { schedule: 'x' }) }, 'Deployed False InvalidSpec'],
];

for (const [what, more, condition] of DEPLOYED) {
  test(`${what} is ${condition}`, () => {
    assert.ok(conditionsOf(facts(more)).includes(condition), conditionsOf(facts(more)).join(', '));
  });
}

test('the adapter runs as its own account, restricted, and no SinkBinding changes it', () => {
  const { metadata, spec } = adapterDeployment(INSTALLATION, 0);
  assert.equal(metadata.labels?.['bindings.knative.dev/exclude'], 'true');
  const { replicas, template } = spec as { replicas: number; template: { spec: { serviceAccountName: string } } };
  assert.equal(replicas, 0);
  assert.equal(template.spec.serviceAccountName, 'pingsource-mt-adapter');
});
