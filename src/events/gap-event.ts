import { createHash } from 'node:crypto';
import { collectionPath } from '../kube/resource.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { Origin } from './from-change.ts';

/**
 * Tells a gap in a stream: between the versions `since` and `until` the API server's history could not be watched,
 * and only its outcome was sent. A type of its own, so that nobody who waits for changes meets it unasked.
 * @param now in milliseconds since the epoch
 */
export function gapEvent(
  gap: Extract<StreamNews, { is: 'listed' }>,
  origin: Origin,
  stream: string,
  now: number,
): CloudEvent {
  const { why, since, resourceVersion: until, lost, found } = gap;
  return {
    id: `${origin.scope}.gap.${hashOf(stream)}.${since ?? '0'}-${until}`,
    source: origin.server,
    type: 'dev.watchbridge.apiserver.gap',
    subject: collectionPath(origin.resource),
    time: new Date(now).toISOString(),
    datacontenttype: 'application/json',
    extensions: { ...origin.overrides },
    data: Buffer.from(JSON.stringify({ stream, why, since, until, lost, ...found })),
  };
}

/** Two streams of one resource differ only in their names, and their gaps can be of the same versions. */
function hashOf(stream: string): string {
  return createHash('sha256').update(stream).digest('hex').slice(0, 8);
}
