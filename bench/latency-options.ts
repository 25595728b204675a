import { parseArgs } from 'node:util';
import { wholeNumber } from './arguments.ts';
import type { Speed } from './steady.ts';

export const USAGE = `node bench/latency.ts [options]

The time from a write to a real API server until its event is at the sink.

  --rate N      writes a second (default: 1000)
  --seconds N   for how long, after 5 s to warm up (default: 60)
`;

/** @throws an Error that says which argument is wrong and what it may be. */
export function parseLatencyOptions(args: readonly string[]): Speed & { readonly help: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '60' },
    },
  });
  return {
    help: values.help,
    rate: wholeNumber('--rate', values.rate, { least: 1, most: 20_000 }),
    seconds: wholeNumber('--seconds', values.seconds, { least: 1, most: 3600 }),
  };
}
