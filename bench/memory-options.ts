import { parseArgs } from 'node:util';
import { chosen, wholeNumber } from './arguments.ts';
import { MOST_OBJECTS } from './objects.ts';

export const USAGE = `node bench/memory.ts [options]

Resident memory of the adapter, run as in a Pod: idle, with many known objects, and while its sink is down.

  --only PART   idle, objects or outage (default: all; objects needs idle, and has it measured)
  --objects N   known objects (default: ${MOST_OBJECTS}, which is also the most)
  --rest S      seconds after which memory is called settled (default: 30)
  --seconds N   how long the sink is down (default: 300)
  --rate N      changes a second of 3.3 KB meanwhile (default: 500)
`;

const PARTS = ['idle', 'objects', 'outage'] as const;
export type Part = (typeof PARTS)[number];

export interface MemoryOptions {
  readonly help: boolean;
  readonly parts: readonly Part[];
  readonly objects: number;
  readonly restSeconds: number;
  readonly outage: { readonly seconds: number; readonly rate: number };
}

/** @throws an Error that says which argument is wrong and what it may be. */
export function parseMemoryOptions(args: readonly string[]): MemoryOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      objects: { type: 'string', default: String(MOST_OBJECTS) },
      rest: { type: 'string', default: '30' },
      seconds: { type: 'string', default: '300' },
      rate: { type: 'string', default: '500' },
    },
  });
  const parts = chosen('--only', PARTS, (part) => part, values.only);
  return {
    help: values.help,
    parts: values.only === 'objects' ? ['idle', 'objects'] : parts,
    objects: wholeNumber('--objects', values.objects, { least: 1, most: MOST_OBJECTS }),
    restSeconds: wholeNumber('--rest', values.rest, { least: 1, most: 3600 }),
    outage: {
      seconds: wholeNumber('--seconds', values.seconds, { least: 1, most: 86_400 }),
      rate: wholeNumber('--rate', values.rate, { least: 1, most: 20_000 }),
    },
  };
}
