import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubeObject } from '../../../src/kube/object.ts';
import type { Condition } from '../../../src/reconcile/conditions.ts';
import type { Deployment } from '../../../src/reconcile/deployment.ts';
import type { Facts } from '../../../src/sources/apiserver/facts.ts';
import { type Plan, plan } from '../../../src/sources/apiserver/plan.ts';
import type { ApiServerSource, StoredSpec } from '../../../src/sources/apiserver/spec.ts';
import { factsWith, golden, goldenSource, NOW, served, sourceWith } from './sources.ts';

const SKIP = 'features.knative.dev/apiserversource-skip-permissions-check';
const MISSING =
  'User system:serviceaccount:shop:default cannot get, list, watch resource "pods" in API group "" in Namespace "shop"';

function planFor(spec: StoredSpec, facts: Partial<Facts> = {}): Plan {
  return plan(factsWith({ source: sourceWith(spec), ...facts }));
}

function condition({ status }: Plan, type: string): string {
  const found = status.conditions?.find((it) => it.type === type) ?? assert.fail(`no condition ${type}`);
  const { status: is, reason = '', message = '' } = found;
  return `${is} ${reason} ${message}`.trimEnd();
}

function kinds({ apply }: Plan): string[] {
  return apply.map(({ kind, metadata: { namespace = '', name } }) => `${kind} ${namespace}/${name}`);
}

/** What a Deployment tells its adapter. */
function configOf({ apply }: Plan): string {
  const deployment = apply.find(({ kind }) => kind === 'Deployment') as unknown as {
    spec: { template: { spec: { containers: [{ env: { name: string; value: string }[] }] } } };
  };
  const [{ env }] = deployment.spec.template.spec.containers;
  return env.find(({ name }) => name === 'K_SOURCE_CONFIG')?.value ?? '';
}

const MANAGED: StoredSpec = { rbac: 'Managed', resources: [{ apiVersion: 'v1', kind: 'Pod', resource: 'pods' }] };
const NAME = 'apiserversource-web-0c119059-7113-11e9-a6c5-42010a8a00ed';
const AVAILABLE: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: NAME, namespace: 'shop' },
  status: { conditions: [{ type: 'Available', status: 'True' }] },
};

test('R1: without permissions nothing is deployed, and it is tried again', () => {
  const result = planFor({}, { missingRights: MISSING });
  assert.deepEqual(result.apply, []);
  assert.equal(condition(result, 'SufficientPermissions'), `False  ${MISSING}`);
  assert.equal(condition(result, 'Ready'), `False  ${MISSING}`);
  assert.equal(condition(result, 'SinkProvided'), 'True');
  assert.equal(condition(result, 'Deployed'), 'Unknown');
  assert.equal(result.status.sinkUri, 'http://orders.shop.svc.cluster.local');
  assert.deepEqual(result.status.namespaces, ['shop']);
  assert.equal(result.failure, `insufficient permissions: ${MISSING}`);
  assert.deepEqual(result.notices, [
    { type: 'Warning', reason: 'InternalError', message: `insufficient permissions: ${MISSING}` },
  ]);
});

test('R6: a source that has all it needs is Ready, with the types of mode Reference', () => {
  const result = planFor({}, { deployment: AVAILABLE });
  assert.equal(condition(result, 'Ready'), 'True');
  assert.deepEqual(result.status.ceAttributes, [
    { type: 'dev.knative.apiserver.ref.add', source: 'https://10.96.0.1:443' },
    { type: 'dev.knative.apiserver.ref.delete', source: 'https://10.96.0.1:443' },
    { type: 'dev.knative.apiserver.ref.update', source: 'https://10.96.0.1:443' },
  ]);
  assert.deepEqual(kinds(result), [
    'Role shop/apiserversource-web-state',
    'RoleBinding shop/apiserversource-web-state',
    `Deployment shop/${NAME}`,
  ]);
  assert.equal(result.failure, undefined);
});

test('R6: the status is upstream’s, but for conditions that are for information', () => {
  const source = goldenSource();
  const result = plan(
    factsWith({
      source,
      sink: { is: 'resolved', sink: { uri: 'http://event-display.default.svc.cluster.local' } },
      found: [served('events')],
      installation: { ...factsWith().installation, apiServer: 'https://10.88.0.1:16443' },
      deployment: golden('receive-adapter-deployment.json') as Deployment,
    }),
  );
  const { conditions = [], ...rest } = result.status;
  const theirs = conditions.filter(({ severity }) => severity === undefined);
  assert.deepEqual({ ...rest, conditions: theirs }, source.status);
  assert.deepEqual(
    conditions.filter((it) => !theirs.includes(it)).map(({ type }) => type),
    ['CheckpointHealthy', 'DeliveryHealthy', 'StreamsConnected'],
  );
});

test('R7: a selector that the adapter follows costs no restart when namespaces come and go', () => {
  const spec: StoredSpec = { namespaceSelector: { matchLabels: { target: 'yes' } } };
  const before = planFor(spec, { matchingNamespaces: ['test-b', 'test-a'] });
  const after = planFor(spec, { matchingNamespaces: ['test-c'] });
  assert.deepEqual(before.status.namespaces, ['test-a', 'test-b']);
  assert.deepEqual(after.status.namespaces, ['test-c']);
  assert.deepEqual(after.apply, before.apply);
  assert.equal(condition(after, 'NamespacesFollowed'), 'True');
});

test('R7: where the account may not watch namespaces their names are told, as upstream, and so is why', () => {
  const spec: StoredSpec = { checkpoint: 'None', namespaceSelector: { matchLabels: { target: 'yes' } } };
  const result = planFor(spec, { matchingNamespaces: ['test-b', 'test-a'], mayFollowNamespaces: false });
  assert.equal(
    configOf(result),
    '{"namespaces":["test-a","test-b"],"allNamespaces":false,"resources":[{"gvr":{"Group":"","Version":"v1","Resource":"pods"}}],"mode":"Reference"}',
  );
  assert.match(condition(result, 'NamespacesFollowed'), /^False NamespacesUnreadable User system:serviceaccount:shop:/);
  assert.match(condition(result, 'Ready'), /^Unknown DeploymentUnavailable/);
});

test('R8: the empty selector tells the names of all namespaces to the user, and not to the adapter', () => {
  const spec: StoredSpec = { checkpoint: 'None', namespaceSelector: {} };
  const result = planFor(spec, { matchingNamespaces: ['c', 'a', 'b'] });
  assert.deepEqual(result.status.namespaces, ['a', 'b', 'c']);
  assert.ok(configOf(result).startsWith('{"namespaces":[],"allNamespaces":true,'));
});

test('namespaces can be listed, and excluded', () => {
  const listed = planFor({ namespaces: { include: ['b', 'a'] } });
  assert.deepEqual(listed.status.namespaces, ['a', 'b']);
  assert.ok(configOf(listed).startsWith('{"namespaces":["a","b"],"allNamespaces":false,'));
  const but = planFor({ namespaceSelector: {}, namespaces: { exclude: ['b'] } }, { matchingNamespaces: ['a', 'b'] });
  assert.deepEqual(but.status.namespaces, ['a']);
  assert.match(configOf(but), /"excludeNamespaces":\["b"\]/);
});

test('R9: in mode Resource the types are those of resources', () => {
  const types = planFor({ mode: 'Resource' }).status.ceAttributes?.map(({ type }) => type);
  assert.deepEqual(types, [
    'dev.knative.apiserver.resource.add',
    'dev.knative.apiserver.resource.delete',
    'dev.knative.apiserver.resource.update',
  ]);
});

test('R11: without a sink nothing is asked and nothing fails, and the cause is told', () => {
  const sentence = 'Service shop/orders (v1) does not exist.';
  const result = planFor(
    {},
    { sink: { is: 'unresolved', code: 'objectNotFound', reason: 'NotFound', sentence, askAgain: false } },
  );
  assert.deepEqual(result.apply, []);
  assert.equal(result.failure, undefined);
  assert.equal(condition(result, 'SinkProvided'), `False NotFound ${sentence}`);
  assert.equal(condition(result, 'SufficientPermissions'), 'Unknown');
  assert.deepEqual(result.notices, [
    {
      type: 'Warning',
      reason: 'SinkNotFound',
      message: 'Sink not found: {"ref":{"kind":"Service","namespace":"shop","name":"orders","apiVersion":"v1"}}',
    },
  ]);
});

test('R11: a source that loses its sink keeps what it said, and its Deployment', () => {
  const source = sourceWith();
  const status = { observedGeneration: 1, sinkUri: 'http://old', namespaces: ['shop'] };
  const result = plan(
    factsWith({
      source: { ...source, status },
      sink: { is: 'unresolved', code: 'objectNotFound', reason: 'NotFound', sentence: 'S.', askAgain: false },
      granted: [role('shop', 'apiserversource-web-state')],
    }),
  );
  assert.deepEqual([result.status.sinkUri, result.status.namespaces, result.remove], ['http://old', ['shop'], []]);
});

test('a dead letter sink that is not there stops a source as its sink does', () => {
  const ref = { apiVersion: 'v1', kind: 'Service', name: 'dead' };
  const result = planFor(
    { delivery: { deadLetterSink: { ref } } },
    {
      deadLetterSink: { is: 'unresolved', code: 'objectNotFound', reason: 'NotFound', sentence: 'S.', askAgain: false },
    },
  );
  assert.deepEqual(result.apply, []);
  assert.equal(condition(result, 'Ready'), 'False DeadLetterSinkNotFound spec.delivery.deadLetterSink: S.');
});

test('R13: what the sink is resolved to is told', () => {
  const sink = { uri: 'https://orders/foo', CACerts: 'PEM', audience: 'orders' };
  const { status } = planFor({}, { sink: { is: 'resolved', sink } });
  assert.deepEqual([status.sinkUri, status.sinkCACerts, status.sinkAudience], [sink.uri, sink.CACerts, sink.audience]);
  const source = sourceWith();
  const { status: later } = plan(factsWith({ source: { ...source, status } }));
  assert.deepEqual([later.sinkCACerts, later.sinkAudience], [undefined, undefined]);
});

test('R18: a sink with an audience is told who the source is, and one without is not', () => {
  const sink = { uri: 'https://orders', audience: 'orders' };
  const told = planFor({ serviceAccountName: 'malin' }, { sink: { is: 'resolved', sink } });
  assert.equal(condition(told, 'OIDCIdentityCreated'), 'True');
  assert.deepEqual(told.status.auth, { serviceAccountName: 'malin' });
  const { status } = plan(factsWith({ source: { ...sourceWith(), status: told.status } }));
  assert.equal(status.auth, undefined);
  assert.equal(condition(planFor({}), 'OIDCIdentityCreated'), 'True authentication-oidc feature disabled');
});

test('R14, R16: the plan is what the Deployment should be, whatever it is', () => {
  const wanted = planFor({});
  const changed = { ...AVAILABLE, spec: { replicas: 7, template: { spec: { containers: [{ name: 'other' }] } } } };
  assert.deepEqual(planFor({}, { deployment: changed }).apply, wanted.apply);
});

test('R15: another ServiceAccount is what the Pods run as, and who may keep the state', () => {
  const text = JSON.stringify(planFor({ serviceAccountName: 'malin' }).apply);
  assert.match(text, /"serviceAccountName":"malin"/);
  assert.match(text, /"subjects":\[\{"kind":"ServiceAccount","namespace":"shop","name":"malin"\}\]/);
});

test('R22, R23, R24: only the very annotation skips the permission check, and asks for failFast', () => {
  const skips: readonly (readonly [Readonly<Record<string, string>>, boolean])[] = [
    [{ [SKIP]: 'false' }, false],
    [{ [SKIP]: 'True' }, false],
    [{}, false],
    [{ [SKIP]: 'true' }, true],
  ];
  for (const [annotations, isSkipped] of skips) {
    const source = sourceWith({}, annotations);
    const denied = plan(factsWith({ source, missingRights: MISSING }));
    assert.equal(condition(denied, 'SufficientPermissions'), isSkipped ? 'True' : `False  ${MISSING}`);
    assert.equal(configOf(plan(factsWith({ source }))).includes('"failFast":true'), isSkipped);
  }
});

test('a spec that nothing can be deployed for is told in whole, and not tried again', () => {
  const result = planFor({
    resources: [
      { apiVersion: 'v1/v2/v3', kind: ' ' },
      { apiVersion: 'v1', kind: 'Pod', selector: { matchExpressions: [{ key: 'a', operator: 'Equals' }] } },
    ],
    namespaceSelector: { matchLabels: { 'a b': '' } },
    ceOverrides: { extensions: { Id: '1' } },
    owner: { kind: '' },
    checkpoint: 'None',
    adapter: { replicas: 2 },
  });
  const [notice] = result.notices;
  assert.equal(notice?.reason, 'InvalidSpec');
  for (const field of [
    'spec.resources[0].apiVersion',
    'spec.resources[0].kind',
    'spec.resources[1].selector',
    'spec.namespaceSelector',
    'spec.ceOverrides.extensions',
    'spec.owner.kind',
    'spec.adapter.replicas',
  ]) {
    assert.ok(notice?.message.includes(field), field);
  }
  assert.deepEqual([result.apply, result.remove, result.failure], [[], [], undefined]);
  assert.equal(condition(result, 'Deployed'), `False InvalidSpec ${notice?.message}`);
  assert.equal(condition(result, 'Ready'), `False InvalidSpec ${notice?.message}`);
});

test('what the adapter would not understand is told in the words of the spec, before it is deployed', () => {
  const result = planFor({ filters: [{ cesql: 'type =' }] });
  assert.match(condition(result, 'Deployed'), /^False InvalidSpec spec\.filters\[0\]\.cesql: /);
  assert.deepEqual(result.apply, []);
});

test('more names of namespaces than a variable can hold are told before a Pod cannot be started', () => {
  const matchingNamespaces = Array.from({ length: 4_000 }, (_, i) => `a-namespace-with-a-rather-long-name-${i}`);
  const spec: StoredSpec = { namespaceSelector: { matchLabels: { a: 'b' } } };
  const listed = planFor(spec, { matchingNamespaces, mayFollowNamespaces: false });
  assert.match(condition(listed, 'Deployed'), /^False InvalidSpec The spec makes a configuration of \d+ bytes/);
  assert.equal(planFor(spec, { matchingNamespaces }).apply.length, 3);
});

test('a plural that belongs to another kind is told', () => {
  const result = planFor({ resources: [{ apiVersion: 'v1', kind: 'Pod', resource: 'nodes' }] });
  assert.match(condition(result, 'Deployed'), /spec\.resources\[0\]\.resource is "nodes", but Pod is served as pods/);
});

test('a kind is watched under its real plural, and one that is not served yet under the expected one', () => {
  const resources = [
    { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
    { apiVersion: 'example.com/v1', kind: 'Policy' },
    { apiVersion: 'example.com/v1', kind: 'Mesh', resource: 'meshes' },
  ];
  const found = [
    served('gateways', { group: 'gateway.networking.k8s.io' }),
    { is: 'noGroupVersion' } as const,
    { is: 'noResource', near: [] } as const,
  ];
  const text = configOf(planFor({ resources }, { found }));
  const plurals = [...text.matchAll(/"Resource":"(\w+)"/g)].map(([, plural]) => plural);
  assert.deepEqual(plurals, ['gateways', 'policies', 'meshes']);
});

test('what was granted and is not wanted any more is removed', () => {
  const granted = [
    role('shop', 'apiserversource-web-state'),
    role('shop', 'watchbridge:shop:web'),
    role(undefined, 'x'),
  ];
  const removed = (spec: StoredSpec): string[] =>
    planFor(spec, { granted }).remove.map(({ metadata }) => metadata.name);
  assert.deepEqual(removed(MANAGED), ['x']);
  assert.deepEqual(removed({}), ['watchbridge:shop:web', 'x']);
  assert.deepEqual(removed({ checkpoint: 'None' }), ['apiserversource-web-state', 'watchbridge:shop:web', 'x']);
});

test('with rbac Managed rights are granted first, and others taken back, also while some are missing', () => {
  const granted = [role('old', 'watchbridge:shop:web'), role('shop', 'apiserversource-web-state')];
  const result = planFor(MANAGED, { missingRights: MISSING, granted });
  assert.deepEqual(result.remove, [granted[0]]);
  assert.deepEqual(kinds(result), ['Role shop/watchbridge:shop:web', 'RoleBinding shop/watchbridge:shop:web']);
  assert.ok(result.failure !== undefined);
});

test('with rbac Managed nothing is granted before authors are asked for their rights', () => {
  const result = planFor(MANAGED, { authorsAreAsked: false, missingRights: MISSING });
  assert.deepEqual(result.apply, []);
  assert.match(condition(result, 'Ready'), /^False NotGranted .* watchbridge-managed-rbac and its binding are there/);
  assert.equal(planFor({}, { authorsAreAsked: false }).failure, undefined);
});

test('with rbac Managed a kind of the cluster is granted only where the author was asked about the cluster', () => {
  const resources = [{ apiVersion: 'v1', kind: 'Node', resource: 'nodes' }];
  const found = [served('nodes', { namespaced: false })];
  const own = planFor({ rbac: 'Managed', resources }, { found });
  assert.match(condition(own, 'Deployed'), /^False InvalidSpec spec\.resources\[0\]: Node is in no namespace/);
  assert.deepEqual(own.apply, []);
  const everywhere = planFor({ rbac: 'Managed', resources, namespaceSelector: {} }, { found });
  assert.ok(kinds(everywhere).includes('ClusterRole /watchbridge:shop:web'));
});

test('with rbac Managed nothing is granted for a plural that the author was not asked about', () => {
  const result = planFor({ rbac: 'Managed', resources: [{ apiVersion: 'v1', kind: 'Pod' }] });
  assert.match(condition(result, 'Deployed'), /spec\.resources\[0\] has no resource/);
});

test('R12: what the API server would not have is told, and tried again', () => {
  const denied = planFor({}, { obstacles: [{ kind: 'Role', sentence: 'Role shop/x may not be written.' }] });
  assert.equal(condition(denied, 'Ready'), 'False NotGranted Role shop/x may not be written.');
  assert.equal(denied.failure, 'Role shop/x may not be written.');
  const deployment = planFor({}, { obstacles: [{ kind: 'Deployment', sentence: 'Deployment shop/y is not ours.' }] });
  assert.equal(condition(deployment, 'Ready'), 'False DeploymentRefused Deployment shop/y is not ours.');
  assert.equal(condition(deployment, 'SufficientPermissions'), 'True');
  assert.equal(deployment.status.sinkUri, 'http://orders.shop.svc.cluster.local');
  assert.deepEqual(deployment.notices, [
    { type: 'Warning', reason: 'InternalError', message: 'Deployment shop/y is not ours.' },
  ]);
});

test('Secrets in clear text are told where there are any', () => {
  const secrets = { resources: [{ apiVersion: 'v1', kind: 'Secret' }], mode: 'Resource' } as const;
  const found = [served('secrets')];
  const types = (spec: StoredSpec): string[] =>
    (planFor(spec, { found }).status.conditions ?? []).map(({ type }) => type);
  assert.equal(condition(planFor({ ...secrets }, { found }), 'SecretsRedacted'), 'True');
  assert.ok(!types({ ...secrets, mode: 'Reference' }).includes('SecretsRedacted'));
  assert.ok(!(planFor({ mode: 'Resource' }).status.conditions ?? []).some(({ type }) => type === 'SecretsRedacted'));
});

test('without a checkpoint there are no conditions that only a report could tell', () => {
  const source = sourceWith({ checkpoint: 'None' });
  const old: Condition = { type: 'StreamsConnected', status: 'True', severity: 'Info', lastTransitionTime: 'x' };
  const result = plan(factsWith({ source: { ...source, status: { conditions: [old] } } }));
  assert.ok(result.status.conditions?.every(({ severity }) => severity === undefined));
});

test('what the adapter says of itself is in the status', () => {
  const report = {
    streams: { total: 2, established: 1, problems: ['S.'] },
    delivery: { state: 'ok' as const },
    checkpoint: { state: 'ok' as const },
    lagSeconds: 3,
    gaps: 1,
    lastGap: { time: '2026-01-01T00:00:00Z', reason: 'expired', lost: 'states' },
  };
  const { status } = planFor({}, { report: { is: 'report', report } });
  assert.deepEqual(status.adapter, {
    lagSeconds: 3,
    gaps: 1,
    lastGap: report.lastGap,
    streams: { total: 2, established: 1 },
  });
  assert.equal(planFor({}).status.adapter, undefined);
});

test('an adapter that runs is heard also where the plan stops', () => {
  const report = {
    streams: { total: 1, established: 0, problems: ['pods may not be watched.'] },
    delivery: { state: 'ok' as const },
    checkpoint: { state: 'ok' as const },
    gaps: 0,
  };
  const heard: Partial<Facts> = { report: { is: 'report', report } };
  const expected = 'False StreamsFailing 0 of 1 streams are established. pods may not be watched.';
  assert.equal(condition(planFor({}, { ...heard, missingRights: MISSING }), 'StreamsConnected'), expected);
  assert.equal(condition(planFor({ resources: [] }, heard), 'StreamsConnected'), expected);
  const silent = planFor({}, { missingRights: MISSING });
  assert.ok(!(silent.status.conditions ?? []).some(({ type }) => type === 'StreamsConnected'));
});

const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    checkpoint: fc.constantFrom('None', 'Position', 'Full'),
    rbac: fc.constantFrom('Unmanaged', 'Managed'),
    mode: fc.constantFrom('Reference', 'Resource'),
    selector: fc.constantFrom(undefined, {}, { matchLabels: { a: 'b' } }),
    kind: fc.constantFrom('Pod', 'Secret', ''),
    matching: fc.subarray(['a', 'b', 'shop']),
    mayFollowNamespaces: fc.boolean(),
    missingRights: fc.constantFrom(undefined, MISSING),
    hasSink: fc.boolean(),
    isAvailable: fc.constantFrom('True', 'False', 'Unknown', undefined),
  })
  .map(({ checkpoint, rbac, mode, selector, kind, matching, missingRights, hasSink, isAvailable, ...rest }) => {
    const resource = `${kind.toLowerCase()}s`;
    const spec = { checkpoint, rbac, mode, resources: [{ apiVersion: 'v1', kind, resource }] } as const;
    const sink = {
      is: 'unresolved',
      code: 'nothingNamed',
      reason: 'NotFound',
      sentence: 'S.',
      askAgain: false,
    } as const;
    const conditions = isAvailable === undefined ? [] : [{ type: 'Available', status: isAvailable }];
    return factsWith({
      ...rest,
      source: sourceWith({ ...spec, ...(selector !== undefined && { namespaceSelector: selector }) }),
      found: [served(resource)],
      matchingNamespaces: matching,
      missingRights,
      ...(!hasSink && { sink }),
      deployment: { ...AVAILABLE, status: { conditions } },
    });
  });

test('a plan of its own outcome changes nothing', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const first = plan(facts);
      const second = plan(outcome(facts, first));
      assert.deepEqual(second.status, first.status);
      assert.deepEqual(second.apply, first.apply);
      assert.deepEqual(second.remove, []);
    }),
  );
});

/** The facts after a plan was carried out, a minute later. */
function outcome(facts: Facts, { apply, remove, status }: Plan): Facts {
  const source: ApiServerSource = { ...facts.source, status };
  const grants = apply.filter(({ kind }) => kind !== 'Deployment');
  const kept = facts.granted.filter((it) => !remove.includes(it));
  return { ...facts, now: NOW + 60_000, source, granted: [...kept, ...grants] };
}

test('facts are all that a plan depends on', () => {
  fc.assert(fc.property(anyFacts, (facts) => assert.deepEqual(plan(facts), plan(facts))));
});

function role(namespace: string | undefined, name: string): KubeObject {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
  };
}
