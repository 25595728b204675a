import { createSink, type Sink } from '../delivery/sink.ts';
import type { AdapterConfig } from './config.ts';
import { parseDuration } from './duration.ts';
import { contentMode } from './payload-config.ts';

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
export function createSinks(config: AdapterConfig, connections: number): Sinks {
  const { delivery } = config.source;
  const common = {
    connections,
    timeoutMs: parseDuration(delivery?.timeout ?? '') ?? config.sinkTimeoutMs,
    contentMode: contentMode(config.source),
    headers: ['kn-namespace', config.namespace],
  };
  const { uri, CACerts } = delivery?.deadLetterSink ?? {};
  return {
    sink: cuttable(() => createSink({ ...common, url: config.sink, ca: config.sinkCa })),
    deadLetterSink:
      uri === undefined
        ? undefined
        : cuttable(() => createSink({ ...common, url: new URL(uri), ca: CACerts === undefined ? [] : [CACerts] })),
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
