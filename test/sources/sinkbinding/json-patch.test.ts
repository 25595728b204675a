import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bind, unbind } from '../../../src/sources/sinkbinding/bind.ts';
import { annotationPatch, templatePatch } from '../../../src/sources/sinkbinding/json-patch.ts';

const SINK = { sink: 'http://orders', ceOverrides: '{}' };
const ENV = [
  { name: 'K_SINK', value: 'http://orders' },
  { name: 'K_CE_OVERRIDES', value: '{}' },
];
const AT = ['spec', 'template'];

test('a patch changes one list, and tests what it relies on first', () => {
  const before = { spec: { containers: [{ name: 'web' }, { name: 'side', env: [{ name: 'A' }] }] } };
  assert.deepEqual(templatePatch(before, bind(before, SINK), AT), [
    { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'web' },
    { op: 'test', path: '/spec/template/spec/containers/0/env', value: null },
    { op: 'add', path: '/spec/template/spec/containers/0/env', value: ENV },
    { op: 'test', path: '/spec/template/spec/containers/1/name', value: 'side' },
    { op: 'test', path: '/spec/template/spec/containers/1/env', value: [{ name: 'A' }] },
    { op: 'replace', path: '/spec/template/spec/containers/1/env', value: [{ name: 'A' }, ...ENV] },
  ]);
});

test('what is empty afterwards is removed', () => {
  const before = { spec: { containers: [{ name: 'web', env: ENV }], volumes: [{ name: 'oidc-token' }] } };
  assert.deepEqual(templatePatch(before, unbind(before), AT), [
    { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'web' },
    { op: 'test', path: '/spec/template/spec/containers/0/env', value: ENV },
    { op: 'remove', path: '/spec/template/spec/containers/0/env' },
    { op: 'test', path: '/spec/template/spec/volumes', value: [{ name: 'oidc-token' }] },
    { op: 'remove', path: '/spec/template/spec/volumes' },
  ]);
});

test('templates that are the same need no patch', () => {
  const template = bind({ spec: { containers: [{ name: 'web' }] } }, SINK);
  assert.deepEqual(templatePatch(template, bind(template, SINK), AT), []);
});

test('an annotation is set beside others, or as the first', () => {
  assert.deepEqual(annotationPatch({ a: '' }, 'b.dev/c', 'x'), [
    { op: 'test', path: '/metadata/annotations/b.dev~1c', value: null },
    { op: 'add', path: '/metadata/annotations/b.dev~1c', value: 'x' },
  ]);
  assert.deepEqual(annotationPatch(undefined, 'b.dev/c', 'x'), [
    { op: 'test', path: '/metadata/annotations', value: null },
    { op: 'add', path: '/metadata/annotations', value: { 'b.dev/c': 'x' } },
  ]);
  assert.deepEqual(annotationPatch({ 'b.dev/c': 'x' }, 'b.dev/c', 'x'), []);
  assert.deepEqual(annotationPatch({ 'b.dev/c': 'x' }, 'b.dev/c', undefined), [
    { op: 'test', path: '/metadata/annotations/b.dev~1c', value: 'x' },
    { op: 'remove', path: '/metadata/annotations/b.dev~1c' },
  ]);
  assert.deepEqual(annotationPatch({}, 'b.dev/c', undefined), []);
});
