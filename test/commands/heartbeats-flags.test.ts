import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGoFlags } from '../../src/commands/heartbeats/go-flags.ts';
import { readPeriod } from '../../src/commands/heartbeats/period.ts';

const DEFAULTS = { period: '5s', label: '' };

const LINES: readonly (readonly [readonly string[], Partial<typeof DEFAULTS>])[] = [
  [[], {}],
  [['--period=1'], { period: '1' }],
  [['-period=1'], { period: '1' }],
  [['-period', '1', '--label', 'a'], { period: '1', label: 'a' }],
  [['--label=a=b'], { label: 'a=b' }],
  [['--label='], { label: '' }],
  [['--label', '-period'], { label: '-period' }],
  [['--period=1', '--period=2'], { period: '2' }],
  [['--', '--period=1'], {}],
  [['stop', '--period=1'], {}],
  [['-', '--period=1'], {}],
];

for (const [line, values] of LINES) {
  test(`the line "${line.join(' ')}" gives ${JSON.stringify(values)}`, () => {
    assert.deepEqual(readGoFlags(line, DEFAULTS), { is: 'read', values: { ...DEFAULTS, ...values } });
  });
}

const WRONG: readonly (readonly [readonly string[], string])[] = [
  [['--port=1'], 'flag provided but not defined: -port'],
  [['-constructor', 'x'], 'flag provided but not defined: -constructor'],
  [['--period'], 'flag needs an argument: -period'],
  [['---period=1'], 'bad flag syntax: ---period=1'],
  [['--=1'], 'bad flag syntax: --=1'],
];

for (const [line, sentence] of WRONG) {
  test(`the line "${line.join(' ')}" is refused: ${sentence}`, () => {
    assert.deepEqual(readGoFlags(line, DEFAULTS), { is: 'wrong', sentence });
  });
}

test('-h and --help ask for help', () => {
  assert.deepEqual(readGoFlags(['-h'], DEFAULTS), { is: 'help' });
  assert.deepEqual(readGoFlags(['--help'], DEFAULTS), { is: 'help' });
});

const PERIODS: readonly (readonly [string, number | undefined])[] = [
  ['', 5_000],
  ['5s', 5_000],
  ['1', 1_000],
  ['+2', 2_000],
  ['300ms', 300],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['100us', 0.1],
  ['0', undefined],
  ['0s', undefined],
  ['-1', undefined],
  ['-1s', undefined],
  ['1.5', undefined],
  ['5 s', undefined],
  ['1d', undefined],
  ['x', undefined],
];

for (const [text, ms] of PERIODS) {
  test(`the period "${text}" is ${ms === undefined ? 'refused' : `${ms} ms`}`, () => {
    assert.equal(readPeriod(text), ms);
  });
}
