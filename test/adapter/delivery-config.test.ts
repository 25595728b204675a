import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentMode, deliveryConfig, retryPolicy } from '../../src/adapter/delivery-config.ts';
import { createAuthority } from '../controlplane/certificates.ts';

/** What is wrong with a delivery, as `where: what`. */
function problemsOf(value: unknown): string[] {
  const read = deliveryConfig.safeParse(value);
  return read.success ? [] : read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

test('everything that a DeliverySpec may say is taken as it is', () => {
  const rows: object[] = [
    {},
    { format: 'json' },
    { format: 'binary' },
    { format: 'batch' },
    { retry: 0 },
    { retry: 10, backoffPolicy: 'linear', backoffDelay: 'PT2S', timeout: 'PT30S', retryAfterMax: 'PT5M' },
    { backoffPolicy: 'exponential', backoffDelay: 'P1D' },
    { retryAfterMax: 'PT0S' },
    { deadLetterSink: { uri: 'http://letters.shop.svc.cluster.local' } },
    { deadLetterSink: { uri: 'https://letters.example.com:8443/dead?x=1', CACerts: createAuthority().certPem } },
  ];
  for (const value of rows) assert.deepEqual(deliveryConfig.parse(value), value, JSON.stringify(value));
});

test('what cannot be a delivery is said where it stands', () => {
  const duration = 'expected an ISO 8601 duration of at most a day, such as PT0.5S';
  const url = 'expected an absolute http or https URL';
  const rows: [value: object, problem: string][] = [
    [{ format: 'avro' }, 'format: expected binary, json or batch'],
    [{ retry: -1 }, 'retry: expected 0 or more'],
    [{ retry: 1.5 }, 'retry: expected a whole number'],
    [{ retry: '3' }, 'retry: expected a whole number'],
    [{ backoffPolicy: 'random' }, 'backoffPolicy: expected linear or exponential'],
    [{ backoffDelay: '1s' }, `backoffDelay: ${duration}`],
    [{ backoffDelay: 'PT0S' }, 'backoffDelay: expected more than no time'],
    [{ backoffDelay: 'PT24H1S' }, `backoffDelay: ${duration}`],
    [{ backoffDelay: `PT${'9'.repeat(400)}S` }, `backoffDelay: ${duration}`],
    [{ timeout: 'P' }, `timeout: ${duration}`],
    [{ timeout: 'PT0S' }, 'timeout: expected more than no time'],
    [{ retryAfterMax: 'soon' }, `retryAfterMax: ${duration}`],
    [{ deadLetterSink: { uri: 'letters' } }, `deadLetterSink.uri: ${url}`],
    [{ deadLetterSink: { uri: '/letters' } }, `deadLetterSink.uri: ${url}`],
    [{ deadLetterSink: { uri: 'ftp://letters' } }, `deadLetterSink.uri: ${url}`],
    [{ deadLetterSink: { uri: 'http://user@letters' } }, `deadLetterSink.uri: ${url}`],
    [{ deadLetterSink: { uri: 'http://:secret@letters' } }, `deadLetterSink.uri: ${url}`],
  ];
  for (const [value, problem] of rows) assert.deepEqual(problemsOf(value), [problem], JSON.stringify(value));
  const [certificates] = problemsOf({ deadLetterSink: { uri: 'https://letters', CACerts: 'none' } });
  assert.match(certificates ?? '', /^deadLetterSink\.CACerts: expected PEM certificates; it holds no PEM certificate/);
});

test('a retry policy is what was said, and else to try until the event is taken', () => {
  const standard = { retry: undefined, backoffPolicy: 'exponential', backoffDelayMs: 500, retryAfterMaxMs: 300_000 };
  assert.deepEqual(retryPolicy(undefined), standard);
  assert.deepEqual(retryPolicy({}), standard);
  assert.deepEqual(retryPolicy({ format: 'json', timeout: 'PT1S' }), standard);
  assert.deepEqual(retryPolicy({ retry: 0, retryAfterMax: 'PT0S' }), { ...standard, retry: 0, retryAfterMaxMs: 0 });
  assert.deepEqual(retryPolicy({ retry: 3, backoffPolicy: 'linear', backoffDelay: 'PT0.2S', retryAfterMax: 'PT1M' }), {
    retry: 3,
    backoffPolicy: 'linear',
    backoffDelayMs: 200,
    retryAfterMaxMs: 60_000,
  });
});

test('an event by itself is binary, unless the format is one of JSON', () => {
  assert.equal(contentMode(undefined), 'binary');
  assert.equal(contentMode({}), 'binary');
  assert.equal(contentMode({ format: 'binary' }), 'binary');
  assert.equal(contentMode({ format: 'json' }), 'structured');
  assert.equal(contentMode({ format: 'batch' }), 'structured');
});
