import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DisplayRequest, replyTo } from '../../src/display/reply.ts';

const EVENT = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

function ask(request: Partial<Omit<DisplayRequest, 'body'>> & { body?: string }): ReturnType<typeof replyTo> {
  return replyTo({ method: 'POST', target: '/', headers: {}, ...request, body: Buffer.from(request.body ?? '') });
}

const answers: readonly (readonly [
  what: string,
  request: Parameters<typeof ask>[0],
  status: number,
  events: number,
])[] = [
  ['a POST of an event', { headers: EVENT }, 200, 1],
  ['a POST to any path', { headers: EVENT, target: '/a/b?c=d' }, 200, 1],
  ['a PUT of an event', { headers: EVENT, method: 'PUT' }, 200, 1],
  ['a HEAD with an event', { headers: EVENT, method: 'HEAD' }, 200, 1],
  [
    'a batch of two',
    {
      headers: BATCH,
      body: '[{"specversion":"1.0","id":"1","source":"/","type":"t"},{"specversion":"1.0","id":"2","source":"/","type":"t"}]',
    },
    200,
    2,
  ],
  ['a GET', { headers: EVENT, method: 'GET' }, 405, 0],
  ['a DELETE', { headers: EVENT, method: 'DELETE' }, 405, 0],
  ['an OPTIONS', { headers: EVENT, method: 'OPTIONS' }, 200, 0],
  ['any method on /healthz', { headers: EVENT, method: 'PATCH', target: '/healthz' }, 204, 0],
  ['/healthz with a query, which is another path', { method: 'GET', target: '/healthz?x' }, 405, 0],
  ['plain JSON', { headers: { 'content-type': 'application/json' }, body: '{}' }, 415, 0],
  ['an unknown version', { headers: { ...EVENT, 'ce-specversion': '0.2' } }, 415, 0],
  ['an event without id', { headers: { ...EVENT, 'ce-id': '' } }, 400, 0],
  ['an envelope without specversion', { headers: STRUCTURED, body: '{}' }, 400, 0],
  ['an envelope that is not JSON', { headers: STRUCTURED, body: '{' }, 500, 0],
];

for (const [what, request, status, events] of answers) {
  test(`${what} is answered with ${status} and prints ${events} events`, () => {
    const reply = ask(request);
    assert.deepEqual([reply.status, reply.events.length], [status, events]);
  });
}

test('everything but an event, a probe and OPTIONS is a refusal with a reason', () => {
  for (const [what, request, status] of answers) {
    assert.equal(ask(request).refusal !== undefined, status >= 400, what);
  }
});

test('the sender of an invalid event is told every problem on a line of its own', () => {
  const reply = ask({ headers: { 'ce-specversion': '1.0' } });
  assert.equal(reply.text, 'id: MUST be a non-empty string\nsource: REQUIRED\ntype: MUST be a non-empty string\n');
  assert.deepEqual(reply.headers, { 'content-type': 'text/plain' });
  assert.equal(reply.refusal, 'id: MUST be a non-empty string; source: REQUIRED; type: MUST be a non-empty string');
});

test('a refusal names ten problems and counts the rest', () => {
  const headers = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`ce-x-${i}`, '']));
  const { refusal = '', text } = ask({ headers: { ...EVENT, ...headers } });
  assert.match(refusal, /x-9: [^;]*; and 2 more$/);
  assert.equal(text.split('\n').length, 13);
});

test('a stranger cannot add lines to what is said about a request', () => {
  const body = JSON.stringify({ specversion: '1.0', id: '1', source: '/', type: 't', 'a\nb\u001b': 'x' });
  const { refusal = '', text } = ask({ headers: STRUCTURED, body });
  assert.match(refusal, /^a\\u000ab\\u001b: /);
  assert.equal(text.split('\n').length, 2);
});

test('GET, DELETE and OPTIONS are told the method to use', () => {
  for (const method of ['GET', 'DELETE', 'OPTIONS']) assert.deepEqual(ask({ method }).headers, { allow: 'POST' });
});
