import assert from 'node:assert/strict';
import { test } from 'node:test';
import { medianRow, ratioRow, resultRow } from '../../bench/report.ts';
import type { Result } from '../../bench/round.ts';

function result(eventsPerSecond: number, cpuPerEvent: number, peakMemory: number): Result {
  return {
    eventsPerSecond,
    cpuPerEvent,
    peakMemory,
    feederCpuPerEvent: 1.5,
    sinkCpuPerEvent: 12,
    memory: [80, 90, 91, 92.4],
    counts: { seen: 10, repeated: 2, unknown: 0, altered: 0 },
  };
}

const words = (row: string) => row.trim().split(/\s+/);

test('the ratio is the median of the pairs, not the ratio of the medians', () => {
  const slow = result(1000, 40, 100);
  const fast = result(4000, 10, 100);
  // The machine was slow for the first pair: 4, 2 and 1 times as fast, while both medians are 4,000.
  const pairs: [Result, Result][] = [
    [fast, slow],
    [result(8000, 5, 100), fast],
    [fast, fast],
  ];
  assert.deepEqual(words(ratioRow('a:b', pairs)), ['a:b', '2.00x', '0.50x', '1.00x']);
});

test('an even number of rounds has the middle of two as its median', () => {
  const rounds = [result(3000, 3, 30), result(1000, 1, 10), result(2000, 2, 20), result(10_000, 10, 40)];
  assert.deepEqual(words(medianRow('ours', rounds)), ['ours', '2,500', '2.5', '25']);
});

test('a row shows every number of a result under its title', () => {
  const row = words(resultRow('ours', result(12_345.6, 31.25, 88)));
  assert.deepEqual(row, ['ours', '12,346', '31.3', '88', '80/90/91/92', '2', '0', '1.5', '12.0']);
});
