import { parseArgs } from 'node:util';
import { chosen, wholeNumber } from './arguments.ts';
import type { Speed } from './steady.ts';

export const USAGE = `node bench/latency.ts [options]

The time from a write until its event is at the sink, with a real API server.

  --rate N        writes a second (default: 1000)
  --seconds N     for how long, after 5 s to warm up (default: 60)
  --write-to NAME api-server, or etcd: past the part of the API server that takes most time (default: api-server)
`;

const STORES = ['api-server', 'etcd'] as const;

export interface LatencyOptions extends Speed {
  readonly help: boolean;
  readonly writeTo: (typeof STORES)[number];
}

/** @throws an Error that says which argument is wrong and what it may be. */
export function parseLatencyOptions(args: readonly string[]): LatencyOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '60' },
      'write-to': { type: 'string', default: 'api-server' },
    },
  });
  const [writeTo = 'api-server'] = chosen('--write-to', STORES, (name) => name, values['write-to']);
  return {
    help: values.help,
    rate: wholeNumber('--rate', values.rate, { least: 1, most: 20_000 }),
    seconds: wholeNumber('--seconds', values.seconds, { least: 1, most: 3600 }),
    writeTo,
  };
}
