import type { Ledger } from '../checkpoint/ledger.ts';
import type { Debounce, Held } from '../delivery/debounce.ts';
import type { Lanes } from '../delivery/lanes.ts';
import { ownWhereSparse } from '../delivery/own-bytes.ts';
import type { DeliveryReport } from '../delivery/report.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type Condition, whyNot } from '../events/conditions/condition.ts';
import type { CompiledFilters } from '../events/filters/compile-filters.ts';
import { type Origin, toCloudEvent, withOverrides } from '../events/from-change.ts';
import type { RecentIds } from '../events/recent-ids.ts';
import type { Lack, Payload } from '../events/shaping/payload.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Change, ObjectHead } from '../watch/change.ts';
import type { Stream } from '../watch/requests.ts';
import type { Step } from '../watch/watch-stream.ts';
import type { AdapterMetrics } from './metrics.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Which changes of a stream are told. */
export interface Choice {
  /** They see every change but those of the adapter's own objects. */
  readonly conditions?: readonly Condition[];
  /** How long an update waits for a newer one of its object that takes its place. */
  readonly debounceMs?: number | undefined;
}

/** An event that is sent, with the change that it tells. */
interface Told extends Held {
  readonly change: Change;
  event: CloudEvent;
}

/** What the streams of an adapter share. */
export interface PipelineIo {
  readonly lanes: Lanes;
  /** Undefined where nothing is held back. One for all streams: two can see the same object. */
  readonly debounce: Debounce | undefined;
  /** Undefined where no two streams can see the same change. */
  readonly recent: RecentIds | undefined;
  readonly clock: Clock;
  readonly metrics: AdapterMetrics;
  readonly report: DeliveryReport;
  readonly whereabouts: Whereabouts;
  /** Undefined: every event is sent. */
  readonly filters: CompiledFilters | undefined;
  /** What the events of a stream carry of its objects. */
  readonly payload: (origin: Origin) => Payload;
  /** Hears of an event that carries less than was asked for. */
  readonly lacking: (lack: Lack, event: CloudEvent) => void;
  /** Whether the adapter itself writes this object: telling its changes would change it again, for ever. */
  readonly isOwn: (resource: Resource, object: ObjectHead) => boolean;
}

/**
 * The life of an event: a change comes out of the watch, becomes a CloudEvent, goes into its object's lane, and when
 * it is settled the ledger knows. Nothing is pulled from `steps` while the lanes are full, so a slow sink slows the
 * socket and memory stays bounded.
 * @param choice which changes of this stream are told
 */
export async function runPipeline(
  stream: Stream,
  steps: AsyncIterable<Step>,
  origin: Origin,
  ledger: Ledger,
  io: PipelineIo,
  signal: AbortSignal,
  choice: Choice = {},
): Promise<void> {
  const { resource } = stream;
  const { conditions = [], debounceMs } = choice;
  const send = sender(io, debounceMs);
  const payload = io.payload(origin);
  // Filters judge an event before ceOverrides change it, as upstream's do.
  const asItIs = { ...origin, overrides: {} };
  const lanes = `${resource.plural}.${resource.group}/`;
  for await (const step of steps) {
    const settle = ledger.open(step);
    const unselected = await io.whereabouts.unselected(stream, step.changes, signal);
    const told: Told[] = [];
    let next = 0;
    for (const change of step.changes) {
      const index = next++;
      io.metrics.changed(change);
      const whole = toCloudEvent(change, asItIs, {
        epoch: step.epoch,
        now: io.clock.now(),
        unselected: unselected.has(change),
      });
      const named = payload.attributes(whole, change);
      const unwanted = whyUnwanted(named.event, change, resource, conditions, io);
      if (unwanted !== undefined) {
        io.metrics.suppressed(unwanted);
        settle(index);
        continue;
      }
      const { event, lack } = payload.data(named.event, change);
      if (named.lack !== undefined) io.lacking(named.lack, event);
      if (lack !== undefined) io.lacking(lack, event);
      const readAt = io.clock.monotonic();
      told.push({
        change,
        lane: `${lanes}${change.object.namespace}/${change.object.name}`,
        event: withOverrides(event, origin.overrides),
        settled: (as) => {
          settle(index);
          io.metrics.settled(as, (io.clock.monotonic() - readAt) / 1_000);
          io.report.settled(as);
        },
        replaced: () => {
          io.metrics.suppressed('debounced');
          settle(index);
        },
      });
    }
    ownWhereSparse(told);
    for (const it of told) send(it);
    await io.lanes.room();
  }
}

/**
 * Sends at once, or holds updates back for newer ones of their object. What an object begins and ends with is not held:
 * receivers would hear of an update of what they never heard of.
 */
function sender({ lanes, debounce }: PipelineIo, waitsMs: number | undefined): (event: Told) => void {
  if (debounce === undefined) return lanes.send;
  return (event) => debounce.send(event, event.change.type === 'update' ? waitsMs : undefined);
}

/** Why an event is not sent, or undefined. */
function whyUnwanted(
  event: CloudEvent,
  change: Change,
  resource: Resource,
  conditions: readonly Condition[],
  io: PipelineIo,
): string | undefined {
  if (io.isOwn(resource, change.object)) return 'own';
  // Before it counts as met: another stream may tell what this one does not.
  const why = whyNot(conditions, change);
  if (why !== undefined) return why;
  if (io.recent?.repeats(event.id) === true) return 'repeated';
  if (io.filters === undefined) return undefined;
  const { passes, troubles } = io.filters.judge(event);
  for (const { kind } of troubles) io.metrics.filterTrouble(kind);
  return passes ? undefined : 'filtered';
}
