import { setTimeout as delay } from 'node:timers/promises';
import { claimPort } from '../test/controlplane/ports.ts';
import { type OwnCluster, startOwnCluster } from '../test/support/own-cluster.ts';
import { adapterSubject, originLine } from './adapter.ts';
import { type Child, startChild, startHelper } from './children.ts';
import { print, runCommand } from './command.ts';
import { createConfigMaps, OBJECTS, patching, type Writer, WRITERS, writeSteadily } from './config-maps.ts';
import { type Delays, delaysOf, type Spread, type Write } from './delays.ts';
import { puttingIntoEtcd } from './etcd-writer.ts';
import { type LatencyOptions, parseLatencyOptions, USAGE } from './latency-options.ts';
import { loadNow, machineLine } from './machine.ts';
import { cpuMicroseconds } from './measure.ts';
import type { Arrivals, Listening } from './messages.ts';
import { asInPod } from './pod.ts';
import { isReady } from './scripted-pod.ts';
import type { Speed } from './steady.ts';

/**
 * `npm run bench:latency`: from a write to the sink, by a real API server. Exits with 1 when an event did not arrive. It
 * needs Linux (/proc).
 */
const WARM_UP_SECONDS = 5;
/** How long the sink may be told nothing before what is missing counts as lost (ms). */
const PATIENCE = 10_000;

async function bench(options: LatencyOptions, directory: string): Promise<void> {
  print(machineLine());
  print(originLine());
  await using cluster = await startOwnCluster({ tell: print });
  const bytes = await createConfigMaps(cluster.admin);
  await using sink = startHelper('arrivals.ts', {});
  const { port } = await sink.receive<Listening>('listening');
  await using adapter = await startAdapter(directory, cluster, port);

  await using writer = await writerTo(options.writeTo, cluster);
  const write = (speed: Speed) => Promise.race([adapter.died, writeSteadily(speed, writer)]);
  await arrivalsOf(sink, await write({ ...options, seconds: WARM_UP_SECONDS }));
  const processes = { adapter, 'API server': cluster.apiServer, etcd: cluster.etcd, writers: process, sink };
  const cpuNow = () => Object.values(processes).map(({ pid }) => cpuMicroseconds(pid ?? -1));
  const cpuBefore = cpuNow();
  const writes = await write(options);
  const cpu = cpuNow().map((after, index) => (after - (cpuBefore[index] ?? NaN)) / writes.length);
  const { rate, seconds, writeTo } = options;
  print(`\n${(writes.length / seconds).toFixed(0)} of ${rate} writes/s made for ${seconds} s`);
  print(`${OBJECTS} ConfigMaps of ${bytes} bytes, ${WRITERS} writers at once to ${writeTo}\n`);
  printDelays(delaysOf(writes, await arrivalsOf(sink, writes)));
  const shares = Object.keys(processes).map((name, index) => `${name} ${cpu[index]?.toFixed(0)}`);
  print(`CPU us/write: ${shares.join(', ')}; load at the end ${loadNow()}`);
}

async function writerTo(store: LatencyOptions['writeTo'], cluster: OwnCluster): Promise<Writer> {
  const { server, caPem, adminToken: token, etcdUrl } = cluster;
  return store === 'etcd' ? puttingIntoEtcd(etcdUrl) : patching({ server, caPem, token });
}

async function startAdapter(directory: string, cluster: OwnCluster, sinkPort: number): Promise<Child> {
  const { name, args, environment } = adapterSubject('adapter', { plural: 'configmaps' });
  const pod = asInPod(directory, { ...cluster, token: cluster.adminToken });
  const probes = await claimPort();
  const adapter = startChild(name, [...pod.flags, ...args], {
    ...environment,
    ...pod.environment,
    K_SINK: `http://127.0.0.1:${sinkPort}`,
    WATCHBRIDGE_PROBES_PORT: String(probes),
  });
  await Promise.race([adapter.died, isReady(probes)]);
  return adapter;
}

/** Collects what came at the sink until all writes are told, or nothing came for as long as patience lasts. */
async function arrivalsOf(sink: Child, writes: readonly Write[]): Promise<(readonly [number, number])[]> {
  const missing = new Set(writes.map(({ version }) => version));
  const all: (readonly [number, number])[] = [];
  for (let quiet = 0; missing.size > 0 && quiet < PATIENCE; quiet += 200) {
    await delay(200);
    const answered = sink.receive<Arrivals>('arrivals');
    sink.send({});
    const { came } = await answered;
    for (const arrival of came) all.push(arrival);
    for (const [version] of came) missing.delete(version);
    if (came.length > 0) quiet = 0;
  }
  return all;
}

function printDelays({ sinceSent, sinceAnswered, writes, missing, repeated }: Delays): void {
  print(row('ms', ['p50', 'p99', 'max']));
  print(spreadRow('write sent to event at the sink', sinceSent));
  print(spreadRow('write answered to event at the sink', sinceAnswered));
  print(spreadRow('write sent to answered', writes));
  print(`\n${missing} events missing, ${repeated} repeated`);
  if (missing > 0) process.exitCode = 1;
}

function spreadRow(name: string, { p50, p99, max }: Spread): string {
  return row(
    name,
    [p50, p99, max].map((value) => value.toFixed(1)),
  );
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(38) + cells.map((cell) => cell.padStart(10)).join('');
}

await runCommand({ usage: USAGE, parse: parseLatencyOptions, run: bench });
