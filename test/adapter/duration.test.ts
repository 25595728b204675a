import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseDuration } from '../../src/adapter/duration.ts';

test('durations of days, hours, minutes and seconds are read, in milliseconds', () => {
  const rows: [text: string, ms: number][] = [
    ['PT0S', 0],
    ['PT1S', 1_000],
    ['PT0.5S', 500],
    ['PT0.0005S', 0.5],
    ['PT90S', 90_000],
    ['PT1M', 60_000],
    ['PT1M30S', 90_000],
    ['PT2H', 7_200_000],
    ['PT1H1M1.5S', 3_661_500],
    ['P1D', 86_400_000],
    ['P1DT12H', 129_600_000],
    ['P0D', 0],
    ['P10DT10H10M10S', 900_610_000],
    ['PT007S', 7_000],
  ];
  for (const [text, ms] of rows) assert.equal(parseDuration(text), ms, text);
});

test('any other text is no duration', () => {
  const texts = [
    '',
    ' ',
    'P',
    'PT',
    'P1DT',
    'T1S',
    '1S',
    '5',
    '5s',
    '500ms',
    'PT',
    'PTS',
    'PT.5S',
    'PT5.S',
    'PT1.5M',
    'P1.5D',
    'pt1s',
    'PT1s',
    '-PT1S',
    'PT-1S',
    '+PT1S',
    'PT1S1M',
    'P1M',
    'P1Y',
    'P1W',
    'P1H',
    'PT1D',
    'PT1,5S',
    'PT 1S',
    'PT1S ',
    ' PT1S',
    'PT1S\n',
    'PT1e3S',
    'PT١S',
    'PT1SS',
  ];
  for (const text of texts) assert.equal(parseDuration(text), undefined, JSON.stringify(text));
});

test('a duration is the sum of its parts, in whichever of them it is written', () => {
  const part = fc.option(fc.nat(100), { nil: undefined });
  fc.assert(
    fc.property(part, part, part, part, (d, h, m, s) => {
      const written = (value: number | undefined, unit: string): string => (value === undefined ? '' : value + unit);
      const time = written(h, 'H') + written(m, 'M') + written(s, 'S');
      const text = `P${written(d, 'D')}${time === '' ? '' : `T${time}`}`;
      const seconds = (((d ?? 0) * 24 + (h ?? 0)) * 60 + (m ?? 0)) * 60 + (s ?? 0);
      assert.equal(parseDuration(text), text === 'P' ? undefined : seconds * 1_000, text);
    }),
  );
});

test('no text makes the parser throw, or take long', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^P[0-9DTHMS.]{0,200}$/), (text) => {
      const ms = parseDuration(text);
      assert.ok(ms === undefined || ms >= 0);
    }),
  );
});
