import { encodeBatch } from '../events/encode.ts';
import type { Clock } from '../process/clock.ts';
import { createBatches } from './batch.ts';
import { createRequests, type RequestOptions, type Sink } from './sink.ts';

const NO_HEADERS: readonly string[] = [];

/** A sink that is sent events in the batched content mode: what is posted at about the same time is one request. */
export function createBatchSink(options: RequestOptions, clock: Clock): Sink {
  const requests = createRequests(options);
  const batches = createBatches({
    postAll: (events, done) => requests.send(encodeBatch(events), NO_HEADERS, done),
    clock,
  });
  return {
    url: options.url,
    post: batches.post,
    close: () => {
      requests.close();
      // With the connections gone, what was gathered fails as what was on the wire did.
      batches.close();
      return Promise.resolve();
    },
  };
}
