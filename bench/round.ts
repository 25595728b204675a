import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RoundFailed, startChild, startHelper } from './children.ts';
import { cpuMicroseconds, monotonicMicroseconds, residentMegabytes, sampleMemory } from './measure.ts';
import type { Await, Counts, Feed, Listening, Report, SinkOptions } from './messages.ts';
import { NAMESPACE } from './objects.ts';

/** A pipeline from the watch to the sink that can be measured. */
export interface Subject {
  readonly name: string;
  /** Arguments of `node` that start it. It finds `KUBECONFIG` and `K_SINK` in its environment, and what it adds. */
  readonly args: readonly string[];
  readonly environment: Record<string, string>;
}

export interface Load {
  readonly objectBytes: number;
  /** Number of events that are measured, after `warmUp` events that are not. */
  readonly events: number;
  readonly warmUp: number;
  readonly objects: number;
  /** Wait of the sink before each answer, in milliseconds. */
  readonly sinkDelay: number;
}

export interface Result {
  readonly eventsPerSecond: number;
  /** User and system time of the subject's process alone, in microseconds an event. */
  readonly cpuPerEvent: number;
  /** The same for the bench's own helpers, to see whether they stand in the way. */
  readonly feederCpuPerEvent: number;
  readonly sinkCpuPerEvent: number;
  /** Resident memory in MB: the peak since the start of the process, and at a quarter, half, ... of the run. */
  readonly peakMemory: number;
  readonly memory: readonly number[];
  readonly counts: Counts;
}

/** Between the warm-up and the events that count (ms), so that compiling and collecting come to rest. */
const REST = 500;

/** How long nothing new may arrive before what is missing counts as lost (ms). */
const PATIENCE = 20_000;

/**
 * Starts feeder, sink and subject, lets the warm-up through, then measures from the moment the feeder may go on to the
 * moment the last event is at the sink. The subject has nothing to do before the first, so it cannot work in advance.
 * @throws RoundFailed when one of the three ends, or when events do not arrive.
 */
export async function measure(subject: Subject, load: Load, directory: string): Promise<Result> {
  const total = load.warmUp + load.events;
  await using sink = startHelper('sink.ts', sinkOptions(load, total));
  await using feeder = startHelper('feeder.ts', { objectBytes: load.objectBytes, objects: load.objects });
  const ports = await Promise.all([feeder, sink].map((helper) => helper.receive<Listening>('listening')));
  await using pipeline = startChild(subject.name, subject.args, {
    ...subject.environment,
    KUBECONFIG: writeKubeconfig(directory, ports[0]?.port),
    K_SINK: `http://127.0.0.1:${ports[1]?.port}`,
  });

  const feed = async (upTo: number) => {
    const reported = sink.receive<Report>('report');
    sink.send({ kind: 'await', upTo } satisfies Await);
    feeder.send({ kind: 'feed', upTo } satisfies Feed);
    const report = await Promise.race([pipeline.died, feeder.died, reported]);
    if (report.seen < upTo) throw new RoundFailed(lossSentence(report, upTo), pipeline.lastLines());
    return report;
  };

  await feed(load.warmUp);
  await Promise.race([pipeline.died, delay(REST)]);
  const memory = sampleMemory(pipeline.pid);
  const processes = [pipeline, feeder, sink];
  const before = processes.map(({ pid }) => cpuMicroseconds(pid));
  const started = monotonicMicroseconds();
  const report = await feed(total);
  const cpu = processes.map(({ pid }, index) => (cpuMicroseconds(pid) - (before[index] ?? NaN)) / load.events);
  return {
    eventsPerSecond: load.events / ((report.at - started) / 1e6),
    cpuPerEvent: cpu[0] ?? NaN,
    feederCpuPerEvent: cpu[1] ?? NaN,
    sinkCpuPerEvent: cpu[2] ?? NaN,
    peakMemory: residentMegabytes(pipeline.pid).peak,
    memory: quarters(memory.stop()),
    counts: report,
  };
}

function sinkOptions(load: Load, events: number): SinkOptions {
  return { events, bodyBytes: load.objectBytes, delay: load.sinkDelay, patience: PATIENCE };
}

function lossSentence({ seen, repeated, unknown }: Counts, upTo: number): string {
  const rest = `${repeated} came again, ${unknown} requests had no number of this run`;
  return `${upTo - seen} of ${upTo} events did not reach the sink, and nothing new came for ${PATIENCE / 1000} s (${rest}).`;
}

function quarters(samples: readonly number[]): number[] {
  return [0.25, 0.5, 0.75, 1].map((part) => samples[Math.round(part * (samples.length - 1))] ?? NaN);
}

/** A kubeconfig is YAML, and JSON is YAML. client-node wants `insecure-skip-tls-verify` before it speaks plain HTTP. */
function writeKubeconfig(directory: string, port: number | undefined): string {
  const path = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench', namespace: NAMESPACE } }],
    'current-context': 'bench',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
