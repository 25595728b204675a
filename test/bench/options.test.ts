import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLatencyOptions } from '../../bench/latency-options.ts';
import { parseMemoryOptions } from '../../bench/memory-options.ts';
import { parseOptions } from '../../bench/options.ts';

test('without arguments the adapter is compared with the naive pipeline', () => {
  const { pipelines, rounds, loads } = parseOptions([]);
  assert.deepEqual({ pipelines, rounds }, { pipelines: ['adapter', 'naive'], rounds: 3 });
  assert.deepEqual(
    loads.map(({ objectBytes, events }) => [objectBytes, events]),
    [
      [3300, 60_000],
      [20_000, 20_000],
    ],
  );
});

test('--checkpoint puts the adapter with that checkpoint in the place of the naive pipeline, for longer', () => {
  const { pipelines, loads } = parseOptions(['--checkpoint', 'Full', '--size', '3']);
  assert.deepEqual(pipelines, ['adapter', 'Full']);
  assert.equal(loads[0]?.events, 300_000);
  assert.equal(parseOptions(['--checkpoint', 'Full', '--events', '200']).loads[0]?.events, 200);
  assert.equal(parseOptions(['--checkpoint', 'Position', '--quick']).loads[0]?.events, 75_000);
});

test('--only objects measures idle too, since what objects take is told over it', () => {
  assert.deepEqual(parseMemoryOptions(['--only', 'objects']).parts, ['idle', 'objects']);
  assert.deepEqual(parseMemoryOptions(['--only', 'outage']).parts, ['outage']);
  assert.deepEqual(parseMemoryOptions([]).parts, ['idle', 'objects', 'outage']);
});

test('without arguments the numbers are those that the pages name', () => {
  const { objects, outage } = parseMemoryOptions([]);
  assert.deepEqual({ objects, outage }, { objects: 100_000, outage: { seconds: 300, rate: 500 } });
  assert.deepEqual(parseLatencyOptions([]), { help: false, rate: 1000, seconds: 60, writeTo: 'api-server' });
});

const WRONG: readonly (readonly [parse: (args: string[]) => unknown, args: string[], message: RegExp])[] = [
  [parseOptions, ['--only', 'fast'], /--only is fast, but must be one of adapter, naive/],
  [parseOptions, ['--checkpoint', 'None'], /--checkpoint is None, but must be one of Position, Full/],
  [parseOptions, ['--checkpoint', 'Full', '--only', 'naive'], /exclude each other/],
  [parseOptions, ['--events', '1e9'], /--events is 1e9, but must be a whole number from 100/],
  [parseMemoryOptions, ['--objects', '100001'], /--objects is 100001/],
  [parseMemoryOptions, ['--seconds', '0'], /--seconds is 0/],
  [parseMemoryOptions, ['--only', 'peak'], /idle, objects, outage/],
  [parseLatencyOptions, ['--rate', '0'], /--rate is 0/],
  [parseLatencyOptions, ['--rate', 'x'], /--rate is x, but must be a whole number from 1 to 20000/],
  [parseLatencyOptions, ['--write-to', 'disk'], /--write-to is disk, but must be one of api-server, etcd/],
  [parseLatencyOptions, ['--size', '3'], /--size/],
];

test('a wrong argument is refused with what it may be', () => {
  for (const [parse, args, message] of WRONG) assert.throws(() => parse(args), { message }, args.join(' '));
});
