import { parseArgs } from 'node:util';
import { chosen, wholeNumber } from './arguments.ts';
import { MOST_OBJECTS } from './objects.ts';
import type { Load } from './round.ts';

export const USAGE = `node bench/main.ts [options]

Measures the adapter against a naive pipeline (bench/naive.ts), in turn, with the same feeder and sink.

  --quick            one round with fewer events
  --only NAME        adapter or naive
  --checkpoint TIER  Position or Full: the adapter with this checkpoint takes the place of the naive pipeline, and
                     rounds have five times as many events, so that it is written in each
  --filters          the adapter with 20 filters takes the place of the naive pipeline
  --size KB          3 or 20 (default: both)
  --events N         events measured in each round (default: 60000 of 3 KB, 20000 of 20 KB)
  --objects N        distinct objects that the events are about (default: 1000)
  --rounds N         rounds of each pipeline (default: 3)
  --sink-delay MS    wait of the sink before each answer (default: 0)
`;

const PIPELINES = ['adapter', 'naive'] as const;
const TIERS = ['Position', 'Full'] as const;
export type Pipeline = (typeof PIPELINES | typeof TIERS)[number] | '20 filters';

/** The checkpoint is written every 5 s, and a round of the default length is over before that. */
const LONGER_WITH_CHECKPOINT = 5;

export interface Options {
  readonly help: boolean;
  readonly pipelines: readonly Pipeline[];
  readonly loads: readonly Load[];
  readonly rounds: number;
}

/** Enough events for some seconds of work, and few enough that the naive pipeline's backlog fits into its heap. */
const SIZES = [
  { kilobytes: '3', objectBytes: 3300, events: 60_000, quick: 15_000 },
  { kilobytes: '20', objectBytes: 20_000, events: 20_000, quick: 6000 },
];

/** @throws an Error that says which argument is wrong and what it may be. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      checkpoint: { type: 'string' },
      filters: { type: 'boolean', default: false },
      size: { type: 'string' },
      events: { type: 'string' },
      objects: { type: 'string', default: '1000' },
      rounds: { type: 'string' },
      'sink-delay': { type: 'string', default: '0' },
    },
  });
  const objects = wholeNumber('--objects', values.objects, { least: 1, most: MOST_OBJECTS });
  const sinkDelay = wholeNumber('--sink-delay', values['sink-delay'], { least: 0, most: 10_000 });
  const rounds = wholeNumber('--rounds', values.rounds ?? (values.quick ? '1' : '3'), { least: 1, most: 100 });
  const given =
    values.events === undefined ? undefined : wholeNumber('--events', values.events, { least: 100, most: 10_000_000 });
  const sizes = chosen('--size', SIZES, (size) => size.kilobytes, values.size);
  return {
    help: values.help,
    pipelines: pipelines(values.only, values.checkpoint, values.filters),
    rounds,
    loads: sizes.map(({ objectBytes, events, quick }) => {
      const longer = values.checkpoint === undefined ? 1 : LONGER_WITH_CHECKPOINT;
      const measured = given ?? (values.quick ? quick : events) * longer;
      // The code that runs often is compiled after some thousand events, and every object was added once.
      return { objectBytes, events: measured, warmUp: Math.max(5000, objects), objects, sinkDelay };
    }),
  };
}

function pipelines(only: string | undefined, checkpoint: string | undefined, filters: boolean): readonly Pipeline[] {
  const named = chosen('--only', PIPELINES, (name) => name, only);
  if ([only !== undefined, checkpoint !== undefined, filters].filter((it) => it).length > 1) {
    throw new Error('--only, --checkpoint and --filters exclude each other: the last two measure the adapter twice.');
  }
  if (filters) return ['adapter', '20 filters'];
  return checkpoint === undefined ? named : ['adapter', ...chosen('--checkpoint', TIERS, (tier) => tier, checkpoint)];
}
