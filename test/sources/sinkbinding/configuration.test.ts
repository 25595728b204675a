import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../../../src/kube/resource.ts';
import { type BoundKind, configurationOf, isAskedFor } from '../../../src/sources/sinkbinding/webhook/configuration.ts';
import type { SinkBinding, SinkBindingSpec } from '../../../src/sources/sinkbinding/spec.ts';

const JOBS = resource('batch', 'jobs', 'Job');
const DEPLOYMENTS = resource('apps', 'deployments', 'Deployment');

function resource(group: string, plural: string, kind: string): Resource {
  return { group, version: 'v1', plural, kind, namespaced: true, verbs: ['list', 'watch'] };
}

function bindingIn(namespace: string, subject: SinkBindingSpec['subject'] = {}): SinkBinding {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'SinkBinding',
    metadata: { name: 'bind', namespace, uid: namespace },
    spec: { subject },
  };
}

function webhooksOf(bound: readonly BoundKind[]): readonly Record<string, unknown>[] {
  const { webhooks } = configurationOf(bound, { url: 'https://127.0.0.1:1/sinkbindings' }, 'PEM', {
    name: 'ns',
    uid: '1',
  });
  return webhooks as readonly Record<string, unknown>[];
}

test('without bindings nothing is asked', () => {
  assert.deepEqual(webhooksOf([]), []);
});

test('Jobs are asked about when they are created, in the namespaces and with the labels of the binding', () => {
  const selector = { matchLabels: { app: 'heartbeat-cron' } };
  const [webhook, ...others] = webhooksOf([
    { binding: bindingIn('b', { selector }), resource: JOBS },
    { binding: bindingIn('a', { selector }), resource: JOBS },
  ]);
  assert.deepEqual(others, []);
  assert.match(String(webhook?.['name']), /^jobs-[a-z0-9]{12}\.sinkbindings\.watchbridge\.dev$/);
  assert.deepEqual(
    { ...webhook, name: '', clientConfig: {} },
    {
      name: '',
      clientConfig: {},
      rules: [
        { operations: ['CREATE'], apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'], scope: 'Namespaced' },
      ],
      namespaceSelector: {
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a', 'b'] },
          { key: 'bindings.knative.dev/exclude', operator: 'NotIn', values: ['true'] },
        ],
      },
      objectSelector: {
        matchLabels: { app: 'heartbeat-cron' },
        matchExpressions: [{ key: 'bindings.knative.dev/exclude', operator: 'NotIn', values: ['true'] }],
      },
      failurePolicy: 'Ignore',
      matchPolicy: 'Equivalent',
      sideEffects: 'None',
      reinvocationPolicy: 'IfNeeded',
      timeoutSeconds: 2,
      admissionReviewVersions: ['v1'],
    },
  );
});

test('what selects otherwise, or means another kind, is asked apart, whatever the order', () => {
  const bound: readonly BoundKind[] = [
    { binding: bindingIn('a', { selector: { matchLabels: { app: 'a' } } }), resource: JOBS },
    { binding: bindingIn('a', { selector: { matchLabels: { app: 'b' } } }), resource: JOBS },
    { binding: bindingIn('a', { name: 'web' }), resource: DEPLOYMENTS },
    { binding: bindingIn('b', { name: 'other' }), resource: DEPLOYMENTS },
  ];
  assert.equal(webhooksOf(bound).length, 3);
  assert.deepEqual(webhooksOf(bound.toReversed()), webhooksOf(bound));
});

test('nothing is asked for a binding that goes, or that a source made for its own Deployment', () => {
  const binding = bindingIn('a');
  assert.equal(isAskedFor(binding), true);
  const { metadata } = binding;
  assert.equal(isAskedFor({ ...binding, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }), false);
  const owner = {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ContainerSource',
    name: 'x',
    uid: 'x',
    controller: true,
  };
  assert.equal(isAskedFor({ ...binding, metadata: { ...metadata, ownerReferences: [owner] } }), false);
});
