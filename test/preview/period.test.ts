import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePeriod } from '../../src/preview/period.ts';

const PERIODS: readonly (readonly [text: string, ms: number | undefined])[] = [
  ['1s', 1_000],
  ['90s', 90_000],
  ['1.5m', 90_000],
  ['1h30m', 5_400_000],
  ['24h', 86_400_000],
  ['25h', undefined],
  ['0s', undefined],
  ['0.5s', undefined],
  ['60', undefined],
  ['', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['1d', undefined],
  ['s', undefined],
  ['1.2.3s', undefined],
];

for (const [text, ms] of PERIODS) {
  test(`${JSON.stringify(text)} is ${ms === undefined ? 'no period' : `${ms} ms`}`, () => {
    assert.equal(parsePeriod(text), ms);
  });
}
