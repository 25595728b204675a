import { createBatchSink } from '../delivery/batch-sink.ts';
import { createSink, type RequestOptions, type Sink } from '../delivery/sink.ts';
import { createRotatedFile, parseToken } from '../kube/rotated-file.ts';
import type { Clock } from '../process/clock.ts';
import type { AdapterConfig } from './config.ts';
import { parseDuration } from './duration.ts';
import { contentMode } from './delivery-config.ts';

/** A sink whose connections can be cut and made anew. */
export interface CuttableSink extends Sink {
  /** What is on the wire fails, and arrives no more; what is sent from then on is sent. */
  cut(): Promise<void>;
}

/** Where events go. */
export interface Sinks {
  readonly sink: CuttableSink;
  /** Undefined: none is configured. */
  readonly deadLetterSink: CuttableSink | undefined;
}

/** @param connections to each of them, at the most */
export function createSinks(config: AdapterConfig, connections: number, clock: Clock): Sinks {
  const { delivery } = config.source;
  const common = {
    connections,
    timeoutMs: parseDuration(delivery?.timeout ?? '') ?? config.sinkTimeoutMs,
    headers: ['kn-namespace', config.namespace],
  };
  const { uri, CACerts } = delivery?.deadLetterSink ?? {};
  const { sinkToken } = config;
  const token = sinkToken === undefined ? undefined : createRotatedFile(sinkToken, parseToken, clock);
  const toSink = { ...common, url: config.sink, ca: config.sinkCa, token };
  const single = (options: RequestOptions) => createSink({ ...options, contentMode: contentMode(delivery) });
  return {
    sink: cuttable(() => (delivery?.format === 'batch' ? createBatchSink(toSink, clock) : single(toSink))),
    // Dead letters are few, and each has an answer of its own.
    deadLetterSink:
      uri === undefined
        ? undefined
        : cuttable(() => single({ ...common, url: new URL(uri), ca: CACerts === undefined ? [] : [CACerts] })),
  };
}

function cuttable(open: () => Sink): CuttableSink {
  let current = open();
  return {
    url: current.url,
    post: (event, done) => current.post(event, done),
    close: () => current.close(),
    cut: async () => {
      const last = current;
      current = open();
      await last.close();
    },
  };
}
