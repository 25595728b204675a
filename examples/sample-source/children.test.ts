import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiveAdapter, sinkBinding } from './children.ts';
import type { SampleSource } from './kinds.ts';

const SOURCE: SampleSource = {
  apiVersion: 'samples.knative.dev/v1alpha1',
  kind: 'SampleSource',
  metadata: { name: 'ticks', namespace: 'shop', uid: 'f7c1' },
  spec: {
    sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } },
    ceOverrides: { extensions: { cluster: 'blue' } },
    serviceAccountName: 'default',
    interval: '1m',
  },
};
const INSTALLATION = { image: 'example.com/sample-source', loggingConfig: '{}' };

test('the adapter is told its interval and its names, and not its sink', () => {
  const { metadata, spec } = receiveAdapter(SOURCE, INSTALLATION);
  assert.equal(metadata.name, 'samplesource-ticks-f7c1');
  const text = JSON.stringify(spec);
  assert.match(text, /\{"name":"INTERVAL","value":"1m"\}/);
  assert.match(text, /\{"name":"EVENT_SOURCE","value":"shop\/ticks"\}/);
  assert.doesNotMatch(text, /K_SINK/);
});

test('the binding aims the adapter at the sink, with the overrides', () => {
  const binding = sinkBinding(SOURCE, receiveAdapter(SOURCE, INSTALLATION));
  assert.deepEqual(binding.spec, {
    sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } },
    ceOverrides: { extensions: { cluster: 'blue' } },
    subject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'samplesource-ticks-f7c1' },
  });
});
