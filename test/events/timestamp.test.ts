import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { utcTimestamp } from '../../src/events/timestamp.ts';

const cases: readonly (readonly [text: string, utc: string | undefined])[] = [
  ['2020-01-01T10:00:00+02:00', '2020-01-01T08:00:00Z'],
  ['2020-01-01T10:00:00.500+02:00', '2020-01-01T08:00:00.5Z'],
  ['2026-11-20T10:00:33.093732382Z', '2026-11-20T10:00:33.093732382Z'],
  ['2020-01-01T00:00:00.000Z', '2020-01-01T00:00:00Z'],
  ['2020-01-01T00:00:00.1234567899Z', '2020-01-01T00:00:00.123456789Z'],
  ['2019-12-31T23:30:00-00:45', '2020-01-01T00:15:00Z'],
  ['2020-02-29t00:00:00z', '2020-02-29T00:00:00Z'],
  ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00Z'],
  ['9999-12-31T23:59:59-02:00', '10000-01-01T01:59:59Z'],
  ['2021-02-29T00:00:00Z', undefined],
  ['2021-02-01T24:00:00Z', undefined],
  ['2016-12-31T23:59:60Z', undefined],
  ['2021-13-01T00:00:00Z', undefined],
  ['2021-01-01T00:00:00', undefined],
  ['2021-01-01T00:00:00+24:00', undefined],
  ['2021-01-01 00:00:00Z', undefined],
  ['2021-01-01T00:00:00,5Z', undefined],
  ['2021-01-01T00:00:00.Z', undefined],
  ['1609459200', undefined],
  ['', undefined],
];

for (const [text, utc] of cases) {
  test(`${JSON.stringify(text)} is ${utc ?? 'no timestamp'}`, () => {
    assert.equal(utcTimestamp(text), utc);
  });
}

test('a time in UTC with the shortest fraction is its own form', () => {
  const time = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  const fraction = fc.stringMatching(/^(\.\d{0,8}[1-9])?$/);
  fc.assert(
    fc.property(time, fraction, (date, digits) => {
      const text = `${date.toISOString().slice(0, 19)}${digits}Z`;
      assert.equal(utcTimestamp(text), text);
    }),
  );
});
