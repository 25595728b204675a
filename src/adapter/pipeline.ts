import type { Lanes } from '../delivery/lanes.ts';
import { type Origin, toCloudEvent } from '../events/from-change.ts';
import type { RecentIds } from '../events/recent-ids.ts';
import type { Clock } from '../process/clock.ts';
import type { Step } from '../watch/watch-stream.ts';
import type { AdapterMetrics } from './metrics.ts';
import type { DeliveryReport } from './report.ts';

/** What the streams of an adapter share. */
export interface PipelineIo {
  readonly lanes: Lanes;
  readonly recent: RecentIds;
  readonly clock: Clock;
  readonly metrics: AdapterMetrics;
  readonly report: DeliveryReport;
}

/**
 * The life of an event: a change comes out of the watch, becomes a CloudEvent, and goes into its object's lane.
 * Nothing is pulled from `steps` while the lanes are full, so a slow sink slows the socket and memory stays bounded.
 */
export async function runPipeline(steps: AsyncIterable<Step>, origin: Origin, io: PipelineIo): Promise<void> {
  const { resource } = origin;
  for await (const step of steps) {
    for (const change of step.changes) {
      io.metrics.changed(change);
      const event = toCloudEvent(change, origin, step.epoch, io.clock.now());
      if (io.recent.repeats(event.id)) {
        io.metrics.suppressed('repeated');
        continue;
      }
      const readAt = io.clock.monotonic();
      io.lanes.send({
        lane: `${resource.plural}.${resource.group}/${change.object.namespace}/${change.object.name}`,
        event,
        settled: (as) => {
          io.metrics.settled(as, (io.clock.monotonic() - readAt) / 1_000);
          if (as === 'delivered') io.report.delivered();
        },
      });
    }
    await io.lanes.room();
  }
}
