import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceConfig, type SourceConfig } from '../../src/adapter/source-config.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';
import { sampleOf } from '../../src/preview/samples.ts';

function source(secrets: 'Redact' | 'ClearText'): SourceConfig {
  const read = readSourceConfig(
    JSON.stringify({
      namespaces: ['shop'],
      mode: 'Resource',
      resources: [{ gvr: { Group: '', Version: 'v1', Resource: 'secrets' } }],
      payload: { secrets, annotationExtensions: { note: 'example.com/note' } },
    }),
  );
  assert.ok('config' in read, JSON.stringify(read));
  return read.config;
}

function event(subject: string, data: string): CloudEvent {
  return {
    id: '1',
    source: '/s',
    type: 't',
    subject,
    extensions: { note: 'n0te', recovered: true },
    data: Buffer.from(data),
  };
}

test('a sample has the attributes and the first bytes of the data, without control characters', () => {
  const { attributes, data, bytes } = sampleOf(
    event('/apis/v1/namespaces/a/pods/b', `\u009B31m${'ü'.repeat(300)}`),
    source('Redact'),
  );
  assert.deepEqual(attributes, {
    specversion: '1.0',
    id: '1',
    source: '/s',
    type: 't',
    subject: '/apis/v1/namespaces/a/pods/b',
    note: 'n0te',
    recovered: 'true',
  });
  assert.match(data, /^\\u009b31mü{100,}…$/);
  assert.equal(bytes, 605);
});

test('of a Secret in clear text nothing is shown but what names it', () => {
  const secret = event('/apis/v1/namespaces/a/secrets/b', '{"data":{"key":"czNjcjN0"}}');
  const { attributes, data } = sampleOf(secret, source('ClearText'));
  assert.equal(attributes['subject'], secret.subject);
  assert.ok(!JSON.stringify([attributes, data]).match(/n0te|czNjcjN0/));
  assert.match(sampleOf(secret, source('Redact')).data, /czNjcjN0/);
  assert.match(sampleOf(event('/apis/v1/namespaces/a/pods/b', 'it'), source('ClearText')).data, /^it$/);
});
