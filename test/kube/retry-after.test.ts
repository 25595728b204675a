import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseRetryAfter } from '../../src/kube/retry-after.ts';

const NOW = Date.UTC(2026, 5, 18, 9, 30, 15);

test('a Retry-After header is seconds or a date, and nothing else', () => {
  const rows: [header: string | undefined, ms: number | undefined][] = [
    [undefined, undefined],
    ['0', 0],
    ['1', 1_000],
    ['120', 120_000],
    ['007', 7_000],
    [' 5 ', 5_000],
    ['9223372036854775808', 9_223_372_036_854_775_808_000],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
    ['Thu, 18 Jun 2026 09:30:15 GMT', 0],
    ['Thu, 18 Jun 2026 09:30:45 GMT ', 30_000],
    ['Thu, 18 Jun 2026 09:30:14 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['1 2', undefined],
    ['1, 2', undefined],
    ['soon', undefined],
    ['Infinity', undefined],
    ['٣', undefined],
    ['2026-06-18T09:30:45Z', undefined],
    ['Thu, 18 Jun 2026 09:30:45 +0200', undefined],
    ['Thu, 18 Jun 2026 25:30:45 GMT', undefined],
    ['Xxx, 99 Yyy 2026 09:30:45 GMT', undefined],
  ];
  for (const [header, ms] of rows) assert.equal(parseRetryAfter(header, NOW), ms, String(header));
});

test('every date that JavaScript writes in a header is read to the second', () => {
  const date = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (at) => {
      const seconds = Math.floor(at.getTime() / 1_000) * 1_000;
      assert.equal(parseRetryAfter(at.toUTCString(), NOW), Math.max(seconds - NOW, 0));
    }),
  );
});

test('no header makes a wait that is no wait', () => {
  const character = fc.constantFrom('0', '9', ' ', ',', ':', '-', '.', 'G', 'M', 'T', 'x');
  const damaged = fc
    .tuple(fc.nat(28), character)
    .map(([index, it]) => 'Thu, 18 Jun 2026 09:30:45 GMT'.replace(/./g, (own, at) => (at === index ? it : own)));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: character }), damaged), (header) => {
      const ms = parseRetryAfter(header, NOW);
      assert.ok(ms === undefined || ms >= 0, String(ms));
    }),
  );
});
