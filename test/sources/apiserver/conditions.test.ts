import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadReport, SourceReport } from '../../../src/adapter/source-report.ts';
import type { Condition } from '../../../src/reconcile/conditions.ts';
import { beginConditions, type ConditionsInTheMaking } from '../../../src/sources/apiserver/conditions.ts';
import type { Deployment } from '../../../src/reconcile/deployment.ts';
import { NOW, sourceWith } from './sources.ts';

type Mark = (conditions: ConditionsInTheMaking) => void;

function marked(...marks: readonly Mark[]): readonly Condition[] {
  const source = sourceWith();
  const conditions = beginConditions({ ...source, status: { observedGeneration: 1 } }, NOW);
  for (const mark of marks) mark(conditions);
  return conditions.list();
}

function one(list: readonly Condition[], type: string): Omit<Condition, 'lastTransitionTime' | 'type'> {
  const { type: _type, lastTransitionTime: _time, ...rest } = list.find((it) => it.type === type) ?? assert.fail(type);
  return rest;
}

const sink: Mark = (it) => it.sinkProvided();
const rights: Mark = (it) => it.permissionsSufficient();
const deployed: (status: Deployment['status']) => Mark = (status) => (it) =>
  it.deployed('d', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, ...(status && { status }) });
const available = { type: 'Available', status: 'True' };

test('T20: a source that is new, or has only part of what it needs, is not known to be ready', () => {
  const parts: readonly (readonly Mark[])[] = [[], [deployed({ conditions: [available] })], [sink], [rights]];
  for (const part of parts) assert.deepEqual(one(marked(...part), 'Ready'), { status: 'Unknown' });
});

test('T21: with sink, permissions and an available Deployment a source is ready', () => {
  const list = marked(sink, rights, deployed({ conditions: [available] }));
  assert.deepEqual(
    list.map(({ type, status }) => `${type} ${status}`),
    ['Deployed True', 'OIDCIdentityCreated True', 'Ready True', 'SinkProvided True', 'SufficientPermissions True'],
  );
  assert.deepEqual(one(list, 'OIDCIdentityCreated'), {
    status: 'True',
    reason: 'authentication-oidc feature disabled',
  });
});

const DEPLOYMENTS: readonly (readonly [what: string, Deployment['status'], Omit<Condition, 'type'>])[] = [
  ['available', { conditions: [available] }, { status: 'True' }],
  [
    'not available',
    { conditions: [{ ...available, status: 'False', reason: 'R', message: '100% gone' }] },
    { status: 'False', reason: 'R', message: '100% gone' },
  ],
  [
    'nobody knows',
    { conditions: [{ ...available, status: 'Unknown', reason: 'R', message: 'M' }] },
    { status: 'Unknown', reason: 'R', message: 'M' },
  ],
  [
    'available, but not all of it',
    { conditions: [available], unavailableReplicas: 1 },
    { status: 'Unknown', reason: 'DeploymentUpdating', message: 'Deployment has 1 unavailable replica(s).' },
  ],
  [
    'without conditions',
    {},
    { status: 'Unknown', reason: 'DeploymentUnavailable', message: "The Deployment 'd' is unavailable." },
  ],
  [
    'without a status',
    undefined,
    { status: 'Unknown', reason: 'DeploymentUnavailable', message: "The Deployment 'd' is unavailable." },
  ],
];

test('T22: a source is as ready as its Deployment', () => {
  for (const [what, status, expected] of DEPLOYMENTS) {
    const list = marked(sink, rights, deployed(status));
    assert.deepEqual(one(list, 'Deployed'), expected, what);
    assert.deepEqual(one(list, 'Ready'), expected, what);
  }
});

test('why the Pods of a Deployment cannot be created is told', () => {
  const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'pods "d-" is forbidden' };
  const down = { ...available, status: 'False', reason: 'R', message: 'It is down.' };
  const never = marked(sink, rights, deployed({ conditions: [down, failure] }));
  const message = 'Its Pods cannot be created: pods "d-" is forbidden';
  assert.deepEqual(one(never, 'Deployed'), { status: 'False', reason: 'R', message: `It is down. ${message}` });
  const anew = marked(sink, rights, deployed({ conditions: [available, failure] }));
  assert.deepEqual(one(anew, 'Deployed'), { status: 'Unknown', reason: 'DeploymentUpdating', message });
});

test('a Deployment whose status is about an older one is not known to be available', () => {
  const metadata = { name: 'd', generation: 2 };
  const status = { conditions: [available], observedGeneration: 1 };
  const list = marked(sink, rights, (it) =>
    it.deployed('d', { apiVersion: 'apps/v1', kind: 'Deployment', metadata, status }),
  );
  assert.deepEqual(one(list, 'Ready').reason, 'DeploymentUnavailable');
});

test('T23: without permissions a source is not ready, and says which are missing', () => {
  const message =
    'User system:serviceaccount:shop:default cannot get resource "pods" in API group "" in Namespace "shop"';
  const list = marked(sink, (it) => it.permissionsMissing(message));
  assert.deepEqual(one(list, 'SufficientPermissions'), { status: 'False', message });
  assert.deepEqual(one(list, 'Ready'), { status: 'False', message });
});

test('T25: without a sink a source is not ready, and says why', () => {
  const list = marked((it) => it.sinkMissing('SinkEmpty', 'Sink has resolved to empty.'));
  const expected = { status: 'False', reason: 'SinkEmpty', message: 'Sink has resolved to empty.' };
  assert.deepEqual(one(list, 'SinkProvided'), expected);
  assert.deepEqual(one(list, 'Ready'), expected);
});

const REPORT: SourceReport = {
  streams: { total: 3, established: 3, problems: [] },
  delivery: { state: 'ok' },
  checkpoint: { state: 'ok' },
  gaps: 0,
};
const INFO = ['StreamsConnected', 'DeliveryHealthy', 'CheckpointHealthy'];

const REPORTS: readonly (readonly [ReadReport, readonly string[]])[] = [
  [{ is: 'report', report: REPORT }, ['True  ', 'True  ', 'True  ']],
  [{ is: 'absent' }, Array.from({ length: 3 }, () => 'Unknown NoReport The adapter has not reported yet.')],
  [{ is: 'unusable', sentence: 'S.' }, Array.from({ length: 3 }, () => 'Unknown ReportUnusable S.')],
  [
    {
      is: 'report',
      report: {
        ...REPORT,
        streams: { total: 3, established: 1, problems: ['pods are forbidden.', 'jobs are absent.'] },
        delivery: { state: 'away', message: 'The sink takes no events.' },
        checkpoint: { state: 'failing', message: 'The index is too large.' },
      },
    },
    [
      'False StreamsFailing 1 of 3 streams are established. pods are forbidden. jobs are absent.',
      'False SinkAway The sink takes no events.',
      'False CheckpointFailing The index is too large.',
    ],
  ],
  [
    {
      is: 'report',
      report: { ...REPORT, delivery: { state: 'failing', message: 'M.' }, checkpoint: { state: 'off' } },
    },
    ['True  ', 'False DeliveryFailing M.', 'False CheckpointOff The adapter keeps no checkpoint.'],
  ],
];

test('what the adapter reports are conditions that Ready does not depend on', () => {
  for (const [report, expected] of REPORTS) {
    const list = marked(sink, rights, deployed({ conditions: [available] }), (it) => it.reported(report));
    assert.deepEqual(
      INFO.map((type) => one(list, type)).map(
        ({ status, reason = '', message = '' }) => `${status} ${reason} ${message}`,
      ),
      expected,
    );
    for (const type of INFO) assert.equal(one(list, type).severity, 'Info');
    assert.deepEqual(one(list, 'Ready'), { status: 'True' });
  }
});

test('what an adapter that does not run has reported says nothing any more', () => {
  const down = deployed({ conditions: [{ ...available, status: 'False' }] });
  const list = marked(sink, rights, down, (it) => it.reported({ is: 'report', report: REPORT }));
  for (const type of INFO) assert.equal(one(list, type).reason, 'AdapterUnavailable');
});

test('whether Secrets are sent in clear text is told, and can be said not to matter', () => {
  const clear = one(
    marked((it) => it.secrets(true)),
    'SecretsRedacted',
  );
  assert.deepEqual([clear.status, clear.reason, clear.severity], ['False', 'ClearText', 'Info']);
  assert.match(clear.message ?? '', /spec\.payload\.secrets is ClearText/);
  assert.equal(
    one(
      marked((it) => it.secrets(false)),
      'SecretsRedacted',
    ).status,
    'True',
  );
  const neither = marked(
    (it) => it.secrets(true),
    (it) => it.without('SecretsRedacted'),
  );
  assert.ok(!neither.some(({ type }) => type === 'SecretsRedacted'));
});

test('whether the adapter follows the namespaces is told, with what it lacks', () => {
  const account = 'system:serviceaccount:shop:default';
  const lacking = one(
    marked((it) => it.namespacesFollowed(false, account)),
    'NamespacesFollowed',
  );
  assert.equal(lacking.status, 'False');
  assert.match(lacking.message ?? '', /^User system:serviceaccount:shop:default cannot list and watch namespaces/);
  assert.equal(
    one(
      marked((it) => it.namespacesFollowed(true, account)),
      'NamespacesFollowed',
    ).status,
    'True',
  );
});

test('a condition that comes out as it was keeps its time', () => {
  const source = sourceWith();
  const all = [sink, rights, deployed({ conditions: [available] })];
  const first = beginConditions(source, NOW);
  for (const mark of all) mark(first);
  const status = { observedGeneration: 1, conditions: first.list() };
  const second = beginConditions({ ...source, status }, NOW + 60_000);
  for (const mark of all) mark(second);
  assert.deepEqual(second.list(), first.list());
});
