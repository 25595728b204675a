import { RoundFailed } from './children.ts';
import { monotonicMicroseconds, residentMegabytes, sampleMemory } from './measure.ts';
import type { Await, Feed, Listening, Reach, Report } from './messages.ts';
import { quantile } from './quantile.ts';
import { startScriptedPod } from './scripted-pod.ts';
import { dueAfter, type Speed, steadily } from './steady.ts';

export interface Outage {
  /** Changes while the sink was down. */
  readonly changes: number;
  /** Resident memory in MB while the sink was down: the median, and the most since the start of the process. */
  readonly median: number;
  readonly peakDown: number;
  /** The most until the last event was told. */
  readonly peak: number;
  /** From the moment that the sink took connections again until it had the last change. */
  readonly caughtUpSeconds: number;
  /** Events that came more than once. */
  readonly repeated: number;
}

const OBJECT_BYTES = 3300;
const OBJECTS = 1000;
/** Before the sink goes down, so that what is compiled and allocated once is not taken for the cost of the outage (s). */
const WARM_UP = 10;
/** How long nothing new may arrive before what is missing counts as lost (ms); longer than the adapter ever waits. */
const PATIENCE = 120_000;

/** Takes the sink away while changes come at a constant speed, and brings it back when they end. */
export async function measureOutage(directory: string, speed: Speed): Promise<Outage> {
  const warmUp = { ...speed, seconds: WARM_UP };
  const before = dueAfter(Infinity, warmUp);
  const total = before + dueAfter(Infinity, speed);
  await using pod = await startScriptedPod(directory, {
    checkpoint: 'None',
    feeder: { objectBytes: OBJECT_BYTES, objects: OBJECTS },
    sink: { events: total, bodyBytes: OBJECT_BYTES, delay: 0, patience: PATIENCE },
  });
  const { adapter, feeder, sink } = pod;
  const feed = (upTo: number) => feeder.send({ kind: 'feed', upTo } satisfies Feed);
  const allTold = async (upTo: number) => {
    const reported = sink.receive<Report>('report');
    sink.send({ kind: 'await', upTo } satisfies Await);
    const report = await Promise.race([adapter.died, feeder.died, reported]);
    if (report.seen >= upTo) return report;
    throw new RoundFailed(`${upTo - report.seen} of ${upTo} events did not reach the sink.`, adapter.lastLines());
  };

  await steadily(warmUp, feed);
  await allTold(before);
  sink.send({ kind: 'down' } satisfies Reach);
  const memory = sampleMemory(adapter.pid);
  await Promise.race([adapter.died, feeder.died, steadily(speed, (due) => feed(before + due))]);
  const median = quantile(memory.stop(), 0.5);
  const peakDown = residentMegabytes(adapter.pid).peak;

  const reachable = sink.receive<Listening>('listening');
  sink.send({ kind: 'up' } satisfies Reach);
  await reachable;
  const upAt = monotonicMicroseconds();
  const { at, repeated } = await allTold(total);
  return {
    changes: total - before,
    median,
    peakDown,
    peak: residentMegabytes(adapter.pid).peak,
    caughtUpSeconds: (at - upAt) / 1e6,
    repeated,
  };
}
