/**
 * The adapter of PingSources with many sources that all fire each minute: memory, processor time, how late events come,
 * and whether one comes twice or not at all. Sources are objects as an informer holds them; the sink is a process of its
 * own. Run: node --expose-gc bench/ping.ts [SOURCES] [MINUTES]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { Leadership } from '../src/kube/leadership.ts';
import { systemClock } from '../src/process/clock.ts';
import { createLog } from '../src/process/log.ts';
import type { InformerHandler } from '../src/reconcile/informer.ts';
import { createPingMetrics } from '../src/sources/ping/adapter/metrics.ts';
import { createTerm } from '../src/sources/ping/adapter/term.ts';
import type { PingSource } from '../src/sources/ping/spec.ts';

interface Tally {
  readonly events: number;
  readonly repeated: number;
  /** By minute: how many came, and how late the last one came, in milliseconds. */
  readonly minutes: readonly {
    readonly time: string;
    readonly events: number;
    readonly lastMs: number;
    readonly medianMs: number;
  }[];
}

const MINUTE = 60_000;

if (process.argv[2] === 'sink') runSink();
else await measure(Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 2));

/** Answers 204, and tells its parent its port and then, when asked, what came. */
function runSink(): void {
  const ids = new Set<string>();
  const late = new Map<string, number[]>();
  const span = new Map<string, { first: number; last: number }>();
  let repeated = 0;
  const server = createServer((request, response) => {
    const id = String(request.headers['ce-id']);
    const time = String(request.headers['ce-time']);
    if (ids.has(id)) repeated++;
    ids.add(id);
    const times = late.get(time) ?? [];
    late.set(time, times);
    times.push(systemClock.now() - Date.parse(time));
    const now = systemClock.monotonic();
    const { first = now } = span.get(time) ?? {};
    span.set(time, { first, last: now });
    request.resume().on('end', () => response.writeHead(204).end());
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on('message', () => {
    const minutes = [...late].map(([time, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const { first = 0, last = 0 } = span.get(time) ?? {};
      return {
        tookMs: Math.round(last - first),
        time,
        events: times.length,
        lastMs: sorted.at(-1) ?? 0,
        medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
      };
    });
    process.send?.({ events: ids.size + repeated, repeated, minutes } satisfies Tally);
  });
}

async function measure(count: number, minutes: number): Promise<void> {
  const sink = fork(import.meta.filename, ['sink']);
  const [{ port }] = (await once(sink, 'message')) as [{ port: number }];
  const before = memory();
  const sources = Array.from({ length: count }, (_, i) => sourceOf(i, `http://127.0.0.1:${port}/`));
  const subscribe = (handler: InformerHandler<PingSource>): (() => void) => {
    for (const object of sources) handler({ is: 'added', object, initial: true });
    return () => undefined;
  };
  const held = memory();
  const metrics = createPingMetrics(() => ({ sources: 0, queued: 0, sinksAway: 0 }));
  const log = createLog({ component: 'bench', level: 'warn' });
  const term = createTerm(leadership(), {
    clock: systemClock,
    log,
    metrics,
    sources: { subscribe },
    sinkTimeoutMs: 30_000,
  });
  const stop = new AbortController();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const running = term.run(stop.signal);
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 100);
  // So that as many full minutes begin as are asked for.
  const end = Math.ceil(systemClock.now() / MINUTE) * MINUTE + (minutes - 1) * MINUTE + 5_000;
  await systemClock.sleep(end - systemClock.now(), stop.signal);
  clearInterval(sampling);
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - startedAt) / 1_000;
  const idle = memory();
  sink.send('tell');
  const [tally] = (await once(sink, 'message')) as [Tally];
  stop.abort();
  await running;
  sink.kill();
  const cpuSeconds = (used.user + used.system) / 1e6;
  process.stdout.write(
    `${JSON.stringify(
      {
        sources: count,
        seconds: Math.round(seconds),
        cpuSeconds: Math.round(cpuSeconds * 100) / 100,
        heapMb: { before, held, after: idle },
        mostRssMb: Math.round(most / 1e6),
        tally,
      },
      null,
      2,
    )}\n`,
  );
}

/** In MB, after a collection where the process may ask for one. */
function memory(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1e5) / 10;
}

function sourceOf(i: number, uri: string): PingSource {
  const uid = `0b5c7c9e-1c5e-4f0e-8e0b-${i.toString(16).padStart(12, '0')}`;
  const now = new Date(systemClock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const source: PingSource = {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'PingSource',
    metadata: { name: `ping-${i}`, namespace: `team-${i % 50}`, uid, generation: 1, creationTimestamp: now },
    spec: {
      schedule: '* * * * *',
      contentType: 'application/json',
      data: JSON.stringify({ message: `from source ${i}` }),
      sink: { uri },
    },
    status: {
      observedGeneration: 1,
      sinkUri: uri,
      ceAttributes: [
        { type: 'dev.knative.sources.ping', source: `/apis/v1/namespaces/team-${i % 50}/pingsources/ping-${i}` },
      ],
      conditions: ['Deployed', 'OIDCIdentityCreated', 'Ready', 'SinkProvided'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: now,
      })),
    },
  };
  return JSON.parse(JSON.stringify(source)) as PingSource;
}

/** One that nobody else wants. */
function leadership(): Leadership {
  const taken = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'bench', namespace: 'bench' },
  } as const;
  return {
    taken,
    handedOver: true,
    uid: () => undefined,
    holds: () => true,
    renew: () => Promise.resolve('renewed'),
    release: () => Promise.resolve(),
  };
}
