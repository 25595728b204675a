import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError, type KubeFailureCode } from '../../src/kube/errors.ts';
import { judgeFailure } from '../../src/reconcile/verdict.ts';

test('a reconcile that failed is tried again for every reason but a refusal', () => {
  const verdicts: Readonly<Record<KubeFailureCode, 'retry' | 'refused'>> = {
    unreachable: 'retry',
    timedOut: 'retry',
    silent: 'retry',
    unauthorized: 'retry',
    forbidden: 'retry',
    notFound: 'retry',
    expired: 'retry',
    tooLargeResourceVersion: 'retry',
    conflict: 'retry',
    alreadyExists: 'retry',
    invalid: 'refused',
    throttled: 'retry',
    serverError: 'retry',
    malformed: 'retry',
    credentials: 'retry',
    aborted: 'retry',
  };
  const codes = Object.keys(verdicts) as KubeFailureCode[];
  assert.deepEqual(
    Object.fromEntries(codes.map((code) => [code, judgeFailure(new KubeError(code, ''), false).is])),
    verdicts,
  );
});

test('a wait that the API server asks for is kept', () => {
  const throttled = new KubeError('throttled', '', { retryAfterMs: 7_000 });
  assert.deepEqual(judgeFailure(throttled, false), { is: 'retry', reason: 'throttled', atLeastMs: 7_000 });
});

test('what was aborted because we stop is no failure, and everything else still is', () => {
  assert.deepEqual(judgeFailure(new KubeError('aborted', ''), true), { is: 'ended' });
  assert.equal(judgeFailure(new KubeError('forbidden', ''), true).is, 'retry');
});

test('what nobody throws on purpose is a bug', () => {
  for (const thrown of [new TypeError('x'), 'text', undefined]) {
    assert.deepEqual(judgeFailure(thrown, false), { is: 'bug' });
  }
});
