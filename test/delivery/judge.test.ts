import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DEFAULT_RETRY_POLICY, judge, type RetryPolicy } from '../../src/delivery/judge.ts';
import type { FailureReason, Outcome, Verdict } from '../../src/delivery/outcome.ts';

const NOW = Date.UTC(2026, 5, 18, 9, 30, 15);
const POLICY: RetryPolicy = {
  retry: undefined,
  backoffPolicy: 'exponential',
  backoffDelayMs: 500,
  retryAfterMaxMs: 300_000,
};

function answered(status: number, retryAfter?: string): Outcome {
  return { is: 'answered', status, retryAfter, body: undefined };
}

/** Of the first attempt, with the least jitter. */
function verdict(outcome: Outcome, policy: Partial<RetryPolicy> = {}, attempt = 1, jitter = 0): Verdict {
  return judge(outcome, attempt, { ...POLICY, ...policy }, NOW, jitter);
}

function waitOf(given: Verdict): number {
  assert.equal(given.is, 'retry');
  return given.afterMs;
}

test('every status is delivered, tried again or refused as the promise says', () => {
  const retriedBelow500 = new Set([404, 408, 409, 425, 429]);
  const expected = (status: number): Verdict['is'] => {
    if (status >= 200 && status <= 299) return 'delivered';
    if (status >= 300 && status <= 499) return retriedBelow500.has(status) ? 'retry' : 'refused';
    return 'retry';
  };
  for (let status = 0; status <= 1_000; status++) {
    const given = verdict(answered(status));
    assert.equal(given.is, expected(status), `status ${status}`);
    if (given.is !== 'delivered') assert.equal(given.reason, String(status));
  }
});

test('an attempt without an answer is tried again, whatever happened to it', () => {
  const reasons: FailureReason[] = ['connect', 'tls', 'dns', 'timeout', 'reset', 'protocol', 'token'];
  for (const reason of reasons) {
    assert.deepEqual(verdict({ is: 'failed', reason, detail: '' }), {
      is: 'retry',
      afterMs: 250,
      asked: false,
      reason,
    });
  }
});

test('waits grow with the attempts by the policy, up to a minute', () => {
  const rows: [RetryPolicy['backoffPolicy'], backoffDelayMs: number, steps: number[]][] = [
    ['exponential', 500, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]],
    ['exponential', 1, [1, 2, 4, 8, 16, 32, 64, 128, 256]],
    ['exponential', 90_000, [60_000, 60_000]],
    ['linear', 500, [500, 1_000, 1_500, 2_000, 2_500, 3_000]],
    ['linear', 25_000, [25_000, 50_000, 60_000, 60_000]],
  ];
  for (const [backoffPolicy, backoffDelayMs, steps] of rows) {
    steps.forEach((step, index) => {
      const wait = (jitter: number) =>
        waitOf(verdict(answered(500), { backoffPolicy, backoffDelayMs }, index + 1, jitter));
      const what = `${backoffPolicy} ${backoffDelayMs}, attempt ${index + 1}`;
      assert.equal(wait(0), step / 2, what);
      assert.equal(wait(0.5), step * 0.75, what);
      assert.ok(wait(1 - Number.EPSILON) <= step, what);
    });
  }
});

test('after as many retries as the policy has, the event is refused', () => {
  const reset: Outcome = { is: 'failed', reason: 'reset', detail: '' };
  for (const retry of [0, 1, 5]) {
    for (const outcome of [answered(503, '1'), reset]) {
      for (let attempt = 1; attempt <= retry + 2; attempt++) {
        const expected = attempt <= retry ? 'retry' : 'refused';
        assert.equal(verdict(outcome, { retry }, attempt).is, expected, `retry ${retry}, attempt ${attempt}`);
      }
    }
    assert.equal(verdict(answered(200), { retry }, retry + 1).is, 'delivered');
  }
  assert.equal(verdict(reset, { retry: undefined }, 1e9).is, 'retry');
});

test('Retry-After is obeyed for the statuses that mean it', () => {
  const obeying = new Set([408, 425, 429, 503]);
  for (const status of [404, 408, 409, 425, 429, 500, 502, 503, 504, 599, 600]) {
    const given = verdict(answered(status, '7'));
    assert.equal(waitOf(given), obeying.has(status) ? 7_000 : 250, `status ${status}`);
    assert.equal(given.is === 'retry' && given.asked, obeying.has(status), `status ${status}`);
  }
});

test('the wait is the longer one of Retry-After, up to its cap, and the policy’s own', () => {
  const date = (ms: number) => new Date(NOW + ms).toUTCString();
  const rows: [header: string | undefined, Partial<RetryPolicy>, wait: number, asked: boolean][] = [
    [undefined, {}, 250, false],
    ['0', {}, 250, false],
    ['2', {}, 2_000, true],
    ['2', { backoffDelayMs: 10_000 }, 5_000, false],
    ['301', {}, 300_000, true],
    ['9223372036854775808', {}, 300_000, true],
    ['9'.repeat(400), {}, 300_000, true],
    ['2', { retryAfterMaxMs: 1_000 }, 1_000, true],
    ['2', { retryAfterMaxMs: 0 }, 250, false],
    [date(90_000), {}, 90_000, true],
    [date(-90_000), {}, 250, false],
    [date(86_400_000), {}, 300_000, true],
    ['-5', {}, 250, false],
    ['1.5', {}, 250, false],
    ['soon', {}, 250, false],
    ['Fro, 99 Bar 2026 10:00:00 GMT', {}, 250, false],
  ];
  for (const [header, policy, wait, asked] of rows) {
    assert.deepEqual(
      verdict(answered(503, header), policy),
      { is: 'retry', afterMs: wait, asked, reason: '503' },
      `${header}`,
    );
  }
});

test('no answer, attempt or policy makes a wait that is no wait', () => {
  const header = fc.oneof(fc.string(), fc.constant(undefined), fc.integer().map(String), fc.date().map(String));
  const policy = fc.record({
    retry: fc.constant(undefined),
    backoffPolicy: fc.constantFrom<RetryPolicy['backoffPolicy']>('linear', 'exponential'),
    backoffDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
    retryAfterMaxMs: fc.nat(86_400_000),
  });
  const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(header, policy, fc.integer({ min: 1 }), jitter, (retryAfter, given, attempt, chance) => {
      const wait = waitOf(judge(answered(503, retryAfter), attempt, given, NOW, chance));
      assert.ok(wait > 0 && wait <= Math.max(60_000, given.retryAfterMaxMs), String(wait));
    }),
  );
});

test('without a policy of the source’s own, an event is tried for as long as it takes', () => {
  assert.deepEqual(DEFAULT_RETRY_POLICY, POLICY);
});
