import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../../../src/kube/resource.ts';
import type { ResolvedSink } from '../../../src/reconcile/resolve-sink.ts';
import { bind } from '../../../src/sources/sinkbinding/bind.ts';
import { type Facts, plan, undoing } from '../../../src/sources/sinkbinding/plan.ts';
import type { PodTemplate } from '../../../src/sources/sinkbinding/pod-template.ts';
import type { SinkBinding, SinkBindingSpec } from '../../../src/sources/sinkbinding/spec.ts';
import { BOUND_BY, type Subject } from '../../../src/sources/sinkbinding/subject.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const URI = 'http://orders.shop.svc.cluster.local';
const INJECTION = { sink: URI, ceOverrides: '' };
const KNOWN: ResolvedSink = { is: 'resolved', sink: { uri: URI } };
const UNKNOWN: ResolvedSink = {
  is: 'unresolved',
  code: 'objectNotFound',
  reason: 'NotFound',
  sentence: 'Service shop/orders does not exist.',
  askAgain: false,
};
const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  verbs: ['list', 'watch'],
};
const JOBS: Resource = { ...DEPLOYMENTS, group: 'batch', plural: 'jobs', kind: 'Job' };
const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const BARE: PodTemplate = { spec: { containers: [{ name: 'web' }] } };

interface Wishes {
  readonly name?: string;
  readonly since?: string;
  readonly subject?: SinkBindingSpec['subject'];
  readonly status?: SinkBinding['status'];
  readonly generation?: number;
}

function bindingOf({
  name = 'bind',
  since = '2026-01-01T00:00:00Z',
  subject = WEB,
  status,
  generation = 1,
}: Wishes = {}): SinkBinding {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'SinkBinding',
    metadata: { name, namespace: 'shop', uid: name, creationTimestamp: since, generation },
    spec: { subject, sink: { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } } },
    ...(status && { status }),
  };
}

function subjectOf(template: PodTemplate | undefined, mark?: string, labels = {}): Subject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'web',
      labels,
      ...(mark && { annotations: { [BOUND_BY]: mark } }),
    },
    template,
    isFinished: false,
  };
}

function factsOf(changes: Partial<Facts> & { readonly objects?: readonly Subject[] } = {}): Facts {
  const { objects = [subjectOf(BARE)], ...rest } = changes;
  const binding = rest.binding ?? bindingOf();
  return {
    binding,
    now: NOW,
    sink: KNOWN,
    subjects: { is: 'found', resource: DEPLOYMENTS, objects },
    bindings: [binding],
    failures: [],
    ...rest,
  };
}

const MARK = 'Deployment.apps/bind';

test('an object that is meant is bound and marked in one patch, of this object alone', () => {
  const { changes } = plan(factsOf());
  assert.deepEqual(
    changes.map(({ is, patch }) => [is, patch.filter(({ op }) => op !== 'test').map(({ path }) => path), patch[0]]),
    [
      [
        'bind',
        ['/spec/template/spec/containers/0/env', '/metadata/annotations'],
        { op: 'test', path: '/metadata/uid', value: 'web' },
      ],
    ],
  );
});

test('what is bound already needs nothing', () => {
  assert.deepEqual(plan(factsOf({ objects: [subjectOf(bind(BARE, INJECTION), MARK)] })).changes, []);
});

test('while the sink is not known nothing is taken away', () => {
  const { changes, status } = plan(factsOf({ sink: UNKNOWN, objects: [subjectOf(bind(BARE, INJECTION), MARK)] }));
  assert.deepEqual(changes, []);
  assert.deepEqual(
    status.conditions?.flatMap(({ type, reason, message }) => (type === 'Ready' ? [[reason, message]] : [])),
    [['NoAddressable', 'Addressable could not be extracted from destination: Service shop/orders does not exist.']],
  );
});

test('the last address stays while the sink is not known, until the spec is another one', () => {
  const status = { observedGeneration: 1, sinkUri: URI };
  const uri = (generation: number) =>
    plan(factsOf({ sink: UNKNOWN, binding: bindingOf({ status, generation }) })).status.sinkUri;
  assert.equal(uri(1), URI);
  assert.equal(uri(2), undefined);
});

test('a mark without a meaning is undone, also while the sink is not known', () => {
  const binding = bindingOf({ subject: { ...WEB, name: 'other' } });
  const objects = [subjectOf(bind(BARE, INJECTION), MARK)];
  for (const sink of [KNOWN, UNKNOWN]) {
    assert.deepEqual(
      plan(factsOf({ binding, objects, sink })).changes.map(({ is }) => is),
      ['unbind'],
    );
  }
});

test('a mark that was copied from a Deployment to its ReplicaSet means nothing there', () => {
  const subject = { apiVersion: 'apps/v1', kind: 'ReplicaSet', selector: { matchLabels: { app: 'none' } } };
  const resource = { ...DEPLOYMENTS, kind: 'ReplicaSet', plural: 'replicasets' };
  const objects = [subjectOf(bind(BARE, INJECTION), MARK)];
  const facts = factsOf({ binding: bindingOf({ subject }), subjects: { is: 'found', resource, objects } });
  assert.deepEqual(plan(facts).changes, []);
});

function availability(facts: Facts): readonly [string | undefined, string | undefined] {
  const { conditions = [] } = plan(facts).status;
  const { reason, message } = conditions.find(({ type }) => type === 'SinkBindingAvailable') ?? {};
  return [reason, message];
}

const JOB = { apiVersion: 'batch/v1', kind: 'Job' };
const older = bindingOf({ name: 'z-older', since: '2025-01-01T00:00:00Z' });
const same = bindingOf({ name: 'a-same' });
const jobs = (subject: Subject): Facts['subjects'] => ({ is: 'found', resource: JOBS, objects: [subject] });

const AVAILABLE: readonly (readonly [what: string, facts: Facts, reason: string | undefined, message?: string])[] = [
  ['a subject that is there', factsOf(), undefined],
  ['one that is not', factsOf({ objects: [] }), 'SubjectMissing', 'deployments.apps "web" not found'],
  [
    'a selector that selects nothing',
    factsOf({
      binding: bindingOf({ subject: { apiVersion: 'apps/v1', kind: 'Deployment', selector: {} } }),
      objects: [],
    }),
    undefined,
  ],
  [
    'a kind that is not known',
    factsOf({ subjects: { is: 'unavailable', sentence: 'Why.' } }),
    'SubjectUnavailable',
    'Why.',
  ],
  ['a change that is refused', factsOf({ failures: ['failed binding subject web: no'] }), 'BindingFailed'],
  ['an object without a template', factsOf({ objects: [subjectOf(undefined)] }), 'BindingFailed'],
  ['an older binding', factsOf({ bindings: [bindingOf(), older] }), 'SubjectAlreadyBound'],
  ['one of the same age, first by name', factsOf({ bindings: [bindingOf(), same] }), 'SubjectAlreadyBound'],
  ['another namespace', factsOf({ binding: bindingOf({ subject: { ...WEB, namespace: 'other' } }) }), 'InvalidSpec'],
  [
    'a Job that runs already',
    factsOf({ binding: bindingOf({ subject: { ...JOB, name: 'web' } }), subjects: jobs(subjectOf(BARE)) }),
    'SubjectImmutable',
  ],
  [
    'a Job that runs with an earlier sink',
    factsOf({
      binding: bindingOf({ subject: { ...JOB, name: 'web' } }),
      subjects: jobs(subjectOf(bind(BARE, { ...INJECTION, sink: 'http://earlier' }))),
    }),
    undefined,
  ],
  [
    'a Job that has ended',
    factsOf({
      binding: bindingOf({ subject: { ...JOB, name: 'web' } }),
      subjects: jobs({ ...subjectOf(BARE), isFinished: true }),
    }),
    undefined,
  ],
  [
    'Jobs that are selected and run already',
    factsOf({ binding: bindingOf({ subject: { ...JOB, selector: {} } }), subjects: jobs(subjectOf(BARE)) }),
    undefined,
  ],
];

for (const [what, facts, reason, message] of AVAILABLE) {
  test(`SinkBindingAvailable: ${what}`, () => {
    const [found, text] = availability(facts);
    assert.equal(found, reason);
    if (message !== undefined) assert.equal(text, message);
    if (facts.subjects.is === 'found' && facts.subjects.resource === JOBS) assert.deepEqual(plan(facts).changes, []);
  });
}

test('a plan of its own outcome says the same', () => {
  for (const [, facts] of AVAILABLE) {
    const { status } = plan(facts);
    const binding = { ...facts.binding, status: { ...status, observedGeneration: 1 } };
    assert.deepEqual(plan({ ...facts, binding, now: NOW + 60_000 }).status, binding.status);
  }
});

test('a binding that goes undoes what it meant, but for what another one means or the same owner takes along', () => {
  const bound = subjectOf(bind(BARE, INJECTION), MARK);
  const going = bindingOf();
  const gone = { ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } };
  const undone = (facts: Facts) => undoing(facts).map(({ is }) => is);
  assert.deepEqual(undone(factsOf({ binding: gone, objects: [bound] })), ['unbind']);
  assert.deepEqual(undone(factsOf({ binding: gone, bindings: [gone, same], objects: [bound] })), []);
  const ownerReferences = [
    { apiVersion: 'sources.knative.dev/v1', kind: 'ContainerSource', name: 'x', uid: 'x', controller: true },
  ];
  const owned = { ...gone, metadata: { ...gone.metadata, ownerReferences } };
  const child = { ...bound, metadata: { ...bound.metadata, ownerReferences } };
  assert.deepEqual(undone(factsOf({ binding: owned, bindings: [owned], objects: [child] })), []);
});

test('what a source made is meant by the binding of that source only, or it and another one would write in turns', () => {
  const ownedBy = (uid: string) => [
    { apiVersion: 'sources.knative.dev/v1', kind: 'ApiServerSource', name: uid, uid, controller: true },
  ];
  const selecting = bindingOf({ subject: { apiVersion: 'apps/v1', kind: 'Deployment', selector: {} } });
  const free = subjectOf(BARE);
  const child = { ...free, metadata: { ...free.metadata, ownerReferences: ownedBy('one') } };
  const bindingOfOwner = (uid: string) => ({
    ...selecting,
    metadata: { ...selecting.metadata, ownerReferences: ownedBy(uid) },
  });
  const rows: [binding: SinkBinding, object: Subject, changes: number][] = [
    [selecting, free, 1],
    [selecting, child, 0],
    [bindingOfOwner('one'), child, 1],
    [bindingOfOwner('other'), child, 0],
  ];
  for (const [binding, object, changes] of rows)
    assert.equal(plan(factsOf({ binding, bindings: [binding], objects: [object] })).changes.length, changes);
});

test('what a binding left that is there no longer is undone by any other of the kind, as soon as none means it', () => {
  const left = subjectOf(bind(BARE, INJECTION), 'Deployment.apps/gone');
  const other = bindingOf({ subject: { ...WEB, name: 'other' } });
  const undone = (facts: Facts) => plan(facts).changes.map(({ is }) => is);
  assert.deepEqual(undone(factsOf({ binding: other, bindings: [other], objects: [left], sink: UNKNOWN })), ['unbind']);
  const there = bindingOf({ name: 'gone', subject: { ...WEB, name: 'third' } });
  assert.deepEqual(undone(factsOf({ binding: other, bindings: [other, there], objects: [left] })), []);
  assert.deepEqual(undone(factsOf({ objects: [left], sink: UNKNOWN })), [], 'its holder will tell it another sink');
  const going = { ...other, metadata: { ...other.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } };
  assert.deepEqual(
    undoing(factsOf({ binding: going, bindings: [going], objects: [left] })).map(({ is }) => is),
    ['unbind'],
  );
});
