import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/kube/object.ts';
import { type Facts, plan } from '../../../src/sources/container/plan.ts';
import type { ContainerSource, ContainerSourceSpec } from '../../../src/sources/container/spec.ts';
import { bind } from '../../../src/sources/sinkbinding/bind.ts';
import type { SinkBinding, SinkBindingStatus } from '../../../src/sources/sinkbinding/spec.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const SINK = { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } };
const URI = 'http://orders.shop.svc.cluster.local';
const LATEST = { lastTransitionTime: '2026-01-01T00:00:00Z' };

function sourceOf(spec: ContainerSourceSpec = {}): ContainerSource {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ContainerSource',
    metadata: { name: 'beats', namespace: 'shop', uid: 'uid', generation: 1 },
    spec: { sink: SINK, template: { spec: { containers: [container('a'), container('')] } }, ...spec },
  };
}

function container(name: string): { readonly name: string; readonly image: string } {
  return { name, image: 'x' };
}

function bindingOf(status: SinkBindingStatus): SinkBinding {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'SinkBinding',
    metadata: { name: 'beats-sinkbinding', namespace: 'shop', uid: 'b', generation: 2 },
    spec: {},
    status,
  };
}

const READY: SinkBindingStatus = {
  observedGeneration: 2,
  sinkUri: URI,
  conditions: [
    { type: 'Ready', status: 'True', ...LATEST },
    { type: 'SinkProvided', status: 'True', ...LATEST },
  ],
};
const LOST: SinkBindingStatus = {
  observedGeneration: 2,
  sinkUri: URI,
  conditions: [
    { type: 'Ready', status: 'False', reason: 'NoAddressable', message: 'Gone at 100%.', ...LATEST },
    { type: 'SinkProvided', status: 'False', ...LATEST },
  ],
};

function deploymentOf(sink: string | undefined): KubeObject & { readonly spec: object } {
  const bare = { spec: { containers: [{ name: 'a' }] } };
  const template = sink === undefined ? bare : bind(bare, { sink, ceOverrides: '' });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', generation: 1 },
    spec: { template },
  };
}

function factsOf(changes: Partial<Facts> = {}): Facts {
  return { source: sourceOf(), now: NOW, binding: undefined, deployment: undefined, obstacle: undefined, ...changes };
}

/** The sink of the Deployment that is to be applied; undefined: none is. */
function toldSink(facts: Facts): string | undefined {
  const deployment = plan(facts).apply.find(({ kind }) => kind === 'Deployment');
  return /"K_SINK","value":"([^"]*)"/.exec(JSON.stringify(deployment) ?? '')?.[1];
}

test('the binding comes first, with the sink and the Deployment as its subject', () => {
  const source = sourceOf({ ceOverrides: { extensions: { a: 'b' } } });
  const [binding, ...others] = plan(factsOf({ source })).apply;
  assert.deepEqual(others, []);
  assert.deepEqual(binding, {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'SinkBinding',
    metadata: {
      name: 'beats-sinkbinding',
      namespace: 'shop',
      ownerReferences: [
        {
          apiVersion: 'sources.knative.dev/v1',
          kind: 'ContainerSource',
          name: 'beats',
          uid: 'uid',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      sink: SINK,
      ceOverrides: { extensions: { a: 'b' } },
      subject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'beats-deployment' },
    },
  });
});

const SINKS: readonly (readonly [what: string, changes: Partial<Facts>, sink: string | undefined])[] = [
  ['the binding was not looked at', { binding: bindingOf({ ...READY, observedGeneration: 1 }) }, undefined],
  ['the binding knows the sink', { binding: bindingOf(READY) }, URI],
  ['the binding has lost it before there was a Deployment', { binding: bindingOf(LOST) }, undefined],
  [
    'the Deployment is told another one',
    { binding: bindingOf(READY), deployment: deploymentOf('http://o') },
    'http://o',
  ],
  ['the Deployment is told one, and it is lost', { binding: bindingOf(LOST), deployment: deploymentOf(URI) }, URI],
  ['the Deployment is told nothing', { binding: bindingOf(READY), deployment: deploymentOf(undefined) }, URI],
];

for (const [what, changes, sink] of SINKS) {
  test(`what the Deployment is applied with, where ${what}`, () => assert.equal(toldSink(factsOf(changes)), sink));
}

test('containers without a name get that of the source and their number', () => {
  const { apply } = plan(factsOf({ binding: bindingOf(READY) }));
  assert.deepEqual(
    Array.from(JSON.stringify(apply[1]).matchAll(/"name":"(a|beats-\d)"/g), (it) => it[1]),
    ['a', 'beats-1'],
  );
});

const CONDITIONS: readonly (readonly [what: string, changes: Partial<Facts>, type: string, says: string])[] = [
  [
    'the binding was not looked at',
    { binding: bindingOf({ ...READY, observedGeneration: 1 }) },
    'SinkBindingReady',
    'Unknown SinkBindingPending',
  ],
  ['the binding is ready', { binding: bindingOf(READY) }, 'SinkBindingReady', 'True '],
  ['the binding is not', { binding: bindingOf(LOST) }, 'SinkBindingReady', 'False NoAddressable'],
  ['the binding is not, and nothing runs', { binding: bindingOf(LOST) }, 'ReceiveAdapterReady', 'Unknown SinkNotKnown'],
  ['neither is ready', { binding: bindingOf(LOST) }, 'Ready', 'False NoAddressable'],
  [
    'the Deployment is somebody else’s',
    { binding: bindingOf(READY), obstacle: { kind: 'Deployment', sentence: 'Not ours.' } },
    'ReceiveAdapterReady',
    'False DeploymentRefused',
  ],
  [
    'the SinkBinding is somebody else’s',
    { obstacle: { kind: 'SinkBinding', sentence: 'Not ours.' } },
    'SinkBindingReady',
    'False SinkBindingRefused',
  ],
  [
    'nothing is to run',
    { source: sourceOf({ template: { spec: { containers: [] } } }) },
    'ReceiveAdapterReady',
    'False InvalidSpec',
  ],
];

for (const [what, changes, type, says] of CONDITIONS) {
  test(`${type}, where ${what}`, () => {
    const { conditions = [] } = plan(factsOf(changes)).status;
    const found = conditions.find((it) => it.type === type);
    assert.equal(`${found?.status} ${found?.reason ?? ''}`, says);
  });
}

test('a plan of its own outcome says the same', () => {
  for (const [, changes] of CONDITIONS) {
    const facts = factsOf(changes);
    const { status } = plan(facts);
    const source = { ...facts.source, status };
    assert.deepEqual(plan({ ...facts, source, now: NOW + 60_000 }).status, status);
  }
});
