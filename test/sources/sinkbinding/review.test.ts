import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerTo, bindingPatch, readReview, type Review } from '../../../src/sources/sinkbinding/webhook/review.ts';

const INJECTION = { sink: 'http://orders', ceOverrides: '' };
const ENV = [{ name: 'K_SINK', value: 'http://orders' }, { name: 'K_CE_OVERRIDES' }];

function reviewOf(kind: string, spec: object, group = 'batch'): Review {
  const object = { apiVersion: 'x', kind, metadata: { name: 'x' }, spec };
  return { uid: '1', kind: { group, kind }, namespace: 'shop', object };
}

const template = (...env: object[]) => ({ spec: { containers: [{ name: 'a', ...(env.length > 0 && { env }) }] } });

test('a Job is told its sink, and not marked: nothing is ever undone of it', () => {
  assert.deepEqual(bindingPatch(reviewOf('Job', { template: template() }), 'bind', INJECTION), [
    { op: 'add', path: '/spec/template/spec/containers/0/env', value: ENV },
  ]);
});

test('a CronJob is told where its template is, and marked', () => {
  const review = reviewOf('CronJob', { jobTemplate: { spec: { template: template() } } });
  assert.deepEqual(bindingPatch(review, 'bind', INJECTION), [
    { op: 'add', path: '/spec/jobTemplate/spec/template/spec/containers/0/env', value: ENV },
    { op: 'add', path: '/metadata/annotations', value: { 'watchbridge.dev/bound-by': 'CronJob.batch/bind' } },
  ]);
});

test('a kind that keeps nulls is bound like one without', () => {
  const spec = { template: { spec: { containers: [{ name: 'a', env: null }], initContainers: null, volumes: null } } };
  assert.deepEqual(bindingPatch(reviewOf('Job', spec), 'bind', INJECTION), [
    { op: 'add', path: '/spec/template/spec/containers/0/env', value: ENV },
  ]);
});

const UNCHANGED: readonly (readonly [string, Review])[] = [
  ['a Job that knows its sink', reviewOf('Job', { template: template(...ENV) })],
  ['an object without a template', reviewOf('Pod', { containers: [{ name: 'a' }] }, '')],
  ['a template that is none', reviewOf('Job', { template: { spec: { containers: 'a' } } })],
  ['containers without names', reviewOf('Job', { template: { spec: { containers: [{}] } } })],
];

for (const [what, review] of UNCHANGED) {
  test(`nothing is changed of ${what}`, () => assert.deepEqual(bindingPatch(review, 'bind', INJECTION), []));
}

test('what is no AdmissionReview of an object is not taken for one', () => {
  const request = { uid: '1', kind: { group: '', kind: 'Pod' }, object: { metadata: {} } };
  assert.equal(readReview(JSON.stringify({ request }))?.namespace, '');
  for (const body of ['', '[]', '{}', '{"request":{}}', JSON.stringify({ request: { ...request, object: null } })]) {
    assert.equal(readReview(body), undefined, body);
  }
});

test('every answer allows the object; one that changes nothing has no patch', () => {
  assert.deepEqual(answerTo('1', []), {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: '1', allowed: true },
  });
  const patch = [{ op: 'add', path: '/a', value: 1 }] as const;
  const { response } = answerTo('1', patch) as { response: { patchType: string; patch: string } };
  assert.equal(response.patchType, 'JSONPatch');
  assert.deepEqual(JSON.parse(Buffer.from(response.patch, 'base64').toString()), patch);
});
