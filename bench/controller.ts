/**
 * Measures the controller on a real API server: how long it takes for many sources that are made at once, what that
 * costs both of them, and what it asks of the API server once all is done.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { installWatchbridge, sourceOf, sourcesIn } from '../test/manifests/apply.ts';
import { CONTROLLER_ENV, type ControllerProcess, startController } from '../test/support/controller-process.ts';
import type { Admin } from '../test/support/admin.ts';
import { inParallel } from '../test/support/in-parallel.ts';
import { type OwnCluster, startOwnCluster } from '../test/support/own-cluster.ts';
import { makePlace } from '../test/support/controller-stage.ts';
import { wholeNumber } from './arguments.ts';
import { RoundFailed } from './children.ts';
import { print, runCommand } from './command.ts';
import { isDecided, untilSeen } from './controller-progress.ts';
import { readRequests, type Requests, requestsBetween } from './controller-requests.ts';
import { readImageSettings } from './image.ts';
import { loadNow, machineLine } from './machine.ts';
import { cpuMicroseconds, residentMegabytes } from './measure.ts';
import { asInPod } from './pod.ts';

const USAGE = `node bench/controller.ts [--sources N] [--profile FILE]

Measures dist/main.js (npm run build) as the controller of N ApiServerSources (default: 1000), ten in a namespace, run as
in a Pod. Exit code 1: more memory or more requests than promised, or a namespace woke sources it cannot concern.

  --profile FILE  also writes a CPU profile of the controller
`;
const ROOT = join(import.meta.dirname, '..');
const MAIN = join(ROOT, 'dist', 'main.js');
const IMAGE = readImageSettings(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
const EACH_NAMESPACE = 10;
/** The Deployments of adapters; that of the controller is installed with it. */
const DEPLOYMENTS = '/apis/apps/v1/deployments?labelSelector=eventing.knative.dev/sourceName';
const SOURCES = '/apis/sources.knative.dev/v1/apiserversources';
const IDLE_MS = 60_000;
/** One in so many sources selects namespaces, this one among them. */
const SELECTING = 100;
const MEANT = 'meant';

/** What is promised, and does not depend on how fast the machine is. */
const PROMISED = {
  peakMegabytes: 120,
  /** A Deployment, a Role and a RoleBinding, the status, a notice; and a third of the account's questions, ten sources to an account. */
  requestsPerSource: 6,
  idlePerHundred: 1,
};

function row(what: string, value: string): void {
  print(what.padEnd(44) + value);
}

/** Whether a promise is kept, which its row says too. */
function promiseRow(what: string, value: number, most: number, text: string): boolean {
  const isKept = value <= most;
  row(what, `${text}${isKept ? '' : `   MORE THAN THE PROMISED ${most}`}`);
  return isKept;
}

async function requestsSoFar(admin: Admin): Promise<Requests> {
  return readRequests((await admin.request('GET', '/metrics')).text);
}

/** Watches and Leases are renewed as time goes by, whatever the sources. */
function perSource(requests: ReturnType<typeof requestsBetween>, sources: number): number {
  return sumOf(requests.filter(([what]) => !what.startsWith('WATCH ') && !what.endsWith(' leases'))) / sources;
}

/** Without those of the bench: its sources, and the question itself, which names no resource. */
function requestsOfController(before: Requests, after: Requests): ReturnType<typeof requestsBetween> {
  return requestsBetween(before, after).filter(([what]) => what !== 'POST apiserversources' && what !== 'GET');
}

function sumOf(requests: ReturnType<typeof requestsBetween>): number {
  return requests.reduce((sum, [, count]) => sum + count, 0);
}

/** Notices and second looks come after the conditions. */
async function untilQuiet(admin: Admin): Promise<Requests> {
  for (let before = await requestsSoFar(admin); ;) {
    await delay(2_000);
    const after = await requestsSoFar(admin);
    if (sumOf(requestsOfController(before, after)) <= 6) return after;
    before = after;
  }
}

/** The account has rights in its own namespace only; the other is to come. */
function selectorOf(namespace: string): object {
  return {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace, MEANT] }],
  };
}

async function makeSources(admin: Admin, namespaces: readonly string[], sources: number): Promise<void> {
  await inParallel([...Array(sources).keys()], 32, async (at) => {
    const namespace = namespaces[at % namespaces.length] ?? '';
    const selects = at % SELECTING === 0 && { namespaceSelector: selectorOf(namespace) };
    await admin.create(sourcesIn(namespace), sourceOf(`source-${at}`, { serviceAccountName: 'watcher', ...selects }));
  });
}

interface Bench {
  readonly cluster: OwnCluster;
  readonly controller: ControllerProcess;
  readonly sources: number;
}

async function measureBurst({ cluster, controller, sources }: Bench): Promise<boolean> {
  const { admin } = cluster;
  const namespaces = Array.from({ length: Math.ceil(sources / EACH_NAMESPACE) }, (_, at) => `team-${at}`);
  await inParallel(namespaces, 16, (namespace) => makePlace(admin, namespace, ['pods']));
  await controller.ready('apiserversources: running');
  await delay(2_000);
  row('resident memory without a source', `${residentMegabytes(controller.pid).current.toFixed(0)} MB`);

  const before = await untilQuiet(admin);
  const cpuBefore = cpuOf({ cluster, controller });
  const begun = performance.now();
  const tell = (what: string) => row(what, `${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  await Promise.all([
    makeSources(admin, namespaces, sources).then(() => tell('every source is made')),
    untilSeen(cluster, DEPLOYMENTS, { wanted: sources, carries: 'metadata', passes: () => true }).then(() =>
      tell('every Deployment is made'),
    ),
    untilSeen(cluster, SOURCES, { wanted: sources, carries: 'objects', passes: isDecided }).then(() =>
      tell('every condition is decided'),
    ),
  ]);
  const after = await untilQuiet(admin);
  const cpuAfter = cpuOf({ cluster, controller });
  for (const [at, [name, seconds]] of cpuAfter.entries()) {
    const took = seconds - (cpuBefore[at]?.[1] ?? 0);
    row(`CPU of ${name}`, `${took.toFixed(1)} s, ${((took / sources) * 1_000).toFixed(1)} ms a source`);
  }
  const requests = requestsOfController(before, after);
  for (const [what, count] of requests) row(`  ${what}`, `${count}, ${(count / sources).toFixed(2)} a source`);
  const each = perSource(requests, sources);
  row('reconciles', await reconcilesSoFar(controller));
  return [
    promiseRow('requests a source', each, PROMISED.requestsPerSource, each.toFixed(2)),
    promisedMemory(controller),
  ].every(Boolean);
}

function promisedMemory({ pid }: ControllerProcess): boolean {
  const { current, peak } = residentMegabytes(pid);
  const text = `${peak.toFixed(0)} MB, now ${current.toFixed(0)} MB`;
  return promiseRow('peak resident memory', peak, PROMISED.peakMegabytes, text);
}

async function measureRest({ cluster: { admin }, sources, controller }: Bench): Promise<boolean> {
  const before = await requestsSoFar(admin);
  const begun = performance.now();
  await delay(IDLE_MS);
  const requests = requestsOfController(before, await requestsSoFar(admin));
  const perSecond = sumOf(requests) / ((performance.now() - begun) / 1_000);
  const most = Math.max(1, (sources / 100) * PROMISED.idlePerHundred);
  const isKept = promiseRow('requests/s of all at rest', perSecond, most, perSecond.toFixed(2));
  for (const [what, count] of requests) row(`  ${what}`, `${count}`);
  return [isKept, promisedMemory(controller)].every(Boolean);
}

async function measureNamespace({ cluster: { admin }, controller, sources }: Bench): Promise<boolean> {
  const woken = async (work: () => Promise<unknown>): Promise<number> => {
    const before = sumOfReconciles(await controller.metrics());
    await work();
    await delay(3_000);
    return sumOfReconciles(await controller.metrics()) - before;
  };
  const other = await woken(() => admin.create('/api/v1/namespaces', { metadata: { name: 'other' } }));
  const meant = await woken(() => admin.create('/api/v1/namespaces', { metadata: { name: MEANT } }));
  row('reconciles by a namespace that is meant', `${meant}, of ${Math.ceil(sources / SELECTING)} that mean it`);
  return promiseRow('reconciles by a namespace that none means', other, 0, `${other}`);
}

const OUTCOMES = /^watchbridge_controller_reconciles_total\{.*outcome="(\w+)"\} (\d+)$/gm;

async function reconcilesSoFar(controller: ControllerProcess): Promise<string> {
  const counts = Array.from((await controller.metrics()).matchAll(OUTCOMES), ([, is, count]) => `${count} ${is}`);
  return counts.filter((it) => !it.startsWith('0 ')).join(', ');
}

function sumOfReconciles(page: string): number {
  return Array.from(page.matchAll(OUTCOMES), ([, , count]) => Number(count)).reduce((sum, count) => sum + count, 0);
}

/** User and system time in seconds. */
function cpuOf({ cluster, controller }: Omit<Bench, 'sources'>): readonly (readonly [name: string, seconds: number])[] {
  const processes = [
    ['the controller', controller.pid],
    ['the API server', cluster.apiServer.pid],
    ['etcd', cluster.etcd.pid],
  ] as const;
  return processes.map(([name, pid]) => [name, pid === undefined ? Number.NaN : cpuMicroseconds(pid) / 1e6]);
}

/** @returns whether all promises are kept */
async function bench(sources: number, profile: string | undefined, directory: string): Promise<boolean> {
  const endings: (() => unknown)[] = [];
  await using cluster = await startOwnCluster();
  const { server, caPem, adminToken } = cluster;
  await installWatchbridge(cluster.admin);
  // Its ServiceAccount would lack what a controller manager aggregates, and that would take the machine for itself.
  const pod = asInPod(join(directory, 'service-account'), { server, caPem, token: adminToken });
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-name=${profile}`];
  const scope = { after: (ending: () => unknown) => void endings.push(ending), diagnostic: () => undefined };
  const controller = await startController(
    scope,
    { ...IMAGE.environment, ...CONTROLLER_ENV, ...pod.environment },
    { main: MAIN, nodeFlags: [...pod.flags, ...IMAGE.flags, ...profiling] },
  );
  try {
    const measured = { cluster, controller, sources };
    const kept = [await measureBurst(measured), await measureRest(measured), await measureNamespace(measured)];
    await controller.end('SIGTERM');
    return kept.every(Boolean);
  } catch (error) {
    if (!(error instanceof RoundFailed)) throw error;
    throw new RoundFailed(
      error.message,
      controller.log
        .slice(-10)
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
  } finally {
    for (const ending of endings) await ending();
  }
}

interface Options {
  readonly help: boolean;
  readonly sources: number;
  readonly profile: string | undefined;
}

function parse(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      sources: { type: 'string', default: '1000' },
      profile: { type: 'string' },
    },
  });
  const sources = wholeNumber('--sources', values.sources, { least: 1, most: 10_000 });
  return { help: values.help, sources, profile: values.profile };
}

await runCommand({
  usage: USAGE,
  parse,
  run: async ({ sources, profile }, directory) => {
    print(machineLine());
    print(`${sources} sources, ${EACH_NAMESPACE} in a namespace`);
    if (!(await bench(sources, profile, directory))) process.exitCode = 1;
    print(`load at the end ${loadNow()}`);
  },
});
