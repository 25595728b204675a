import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { failureFromStatus, KubeError } from '../../src/kube/errors.ts';
import { printable } from '../../src/kube/printable.ts';

const TOO_LARGE = {
  reason: 'Timeout',
  code: 504,
  details: {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  },
};

test('the HTTP status and the reason decide what failed and what may help', () => {
  const table: [status: number, body: unknown, code: string, advice: string][] = [
    [400, { reason: 'BadRequest' }, 'invalid', 'giveUp'],
    [401, { reason: 'Unauthorized' }, 'unauthorized', 'wait'],
    [403, { reason: 'Forbidden' }, 'forbidden', 'wait'],
    [404, { reason: 'NotFound' }, 'notFound', 'wait'],
    [404, '404 page not found\n', 'notFound', 'wait'],
    [405, { reason: 'MethodNotAllowed' }, 'invalid', 'giveUp'],
    [408, '', 'timedOut', 'retry'],
    [409, { reason: 'Conflict' }, 'conflict', 'giveUp'],
    [409, { reason: 'AlreadyExists' }, 'alreadyExists', 'giveUp'],
    [410, { reason: 'Gone' }, 'expired', 'giveUp'],
    [410, { reason: 'Expired' }, 'expired', 'giveUp'],
    [413, { reason: 'RequestEntityTooLarge' }, 'invalid', 'giveUp'],
    [422, { reason: 'Invalid' }, 'invalid', 'giveUp'],
    [429, { reason: 'TooManyRequests' }, 'throttled', 'retry'],
    [500, { reason: 'InternalError' }, 'serverError', 'retry'],
    [500, { reason: 'ServerTimeout' }, 'serverError', 'retry'],
    [502, '<html>Bad Gateway</html>', 'serverError', 'retry'],
    [503, { reason: 'ServiceUnavailable' }, 'serverError', 'retry'],
    [504, { reason: 'Timeout' }, 'timedOut', 'retry'],
    [504, TOO_LARGE, 'tooLargeResourceVersion', 'retry'],
    [302, '', 'malformed', 'retry'],
    [NaN, { message: 'no code' }, 'serverError', 'retry'],
    [7, null, 'serverError', 'retry'],
    [500, [], 'serverError', 'retry'],
    [500, { reason: 5, message: {}, details: [] }, 'serverError', 'retry'],
    [500, { details: { causes: [null, 'ResourceVersionTooLarge'] } }, 'serverError', 'retry'],
  ];
  for (const [status, body, code, advice] of table) {
    const failure = failureFromStatus(status, body);
    assert.deepEqual([failure.code, failure.advice], [code, advice], `${status} ${JSON.stringify(body)}`);
  }
});

test('a failure says what was asked and what the server answered, and keeps the Status', () => {
  const body = { reason: 'Forbidden', message: 'pods is forbidden: User "ann" cannot list' };
  const failure = failureFromStatus(403, body, undefined, { request: 'GET /api/v1/pods' });
  assert.ok(failure instanceof KubeError);
  assert.equal(
    failure.message,
    'GET /api/v1/pods was answered 403 Forbidden: pods is forbidden: User "ann" cannot list',
  );
  assert.deepEqual([failure.status, failure.reason, failure.cause], [403, 'Forbidden', body]);
  assert.equal(failureFromStatus(502, '').message, 'The request was answered 502');
});

test('a wait that the server asks for is held within 1 and 60 s, and anything else is no wait', () => {
  const now = Date.parse('Fri, 20 Nov 2026 10:00:00 GMT');
  const table: [header: string, ms: number | undefined][] = [
    ['1', 1_000],
    ['30', 30_000],
    ['0', 1_000],
    ['86400', 60_000],
    ['9'.repeat(400), 60_000],
    ['Fri, 20 Nov 2026 10:00:05 GMT', 5_000],
    ['Fri, 20 Nov 2026 09:00:00 GMT', 1_000],
    ['Sat, 21 Nov 2026 10:00:00 GMT', 60_000],
    ['Xyz, 99 Nov 2026 10:00:00 GMT', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
  ];
  for (const [header, ms] of table) {
    assert.equal(failureFromStatus(429, '', header, { now }).retryAfterMs, ms, header);
  }
});

test('without the time of day a date is no wait, but seconds are', () => {
  assert.equal(failureFromStatus(429, '', 'Fri, 20 Nov 2026 10:00:05 GMT').retryAfterMs, undefined);
  assert.equal(failureFromStatus(429, '', '2').retryAfterMs, 2_000);
});

test('an ERROR event asks for a wait in its Status, and a header goes before that', () => {
  assert.equal(failureFromStatus(504, TOO_LARGE).retryAfterMs, 1_000);
  assert.equal(failureFromStatus(504, TOO_LARGE, '7').retryAfterMs, 7_000);
});

test('no text from a server is longer than 256 characters or can forge a line of a log', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
      const safe = printable(text);
      assert.ok(safe.length <= 256);
      assert.ok(safe.isWellFormed());
      assert.doesNotMatch(safe, /[\p{Cc}\p{Zl}\p{Zp}]/u);
    }),
  );
  assert.equal(printable('a\nb\u2028c'), 'a\\u000ab\\u2028c');
  assert.equal(printable('plain é 🦊'), 'plain é 🦊');
  assert.equal(printable('half a \ud83e'), 'half a \ufffd');
  assert.ok(printable('🦊'.repeat(300)).isWellFormed());
  const long = failureFromStatus(500, { message: 'x'.repeat(1_000_000) });
  assert.ok(long.message.length < 300);
});
