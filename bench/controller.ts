/**
 * Measures the controller on a real API server: how long it takes for many sources that are made at once, how much
 * memory that costs, and what it asks of the API server once all is done.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { installWatchbridge, sourceOf, sourcesIn } from '../test/manifests/apply.ts';
import { CONTROLLER_ENV, type ControllerProcess, startController } from '../test/support/controller-process.ts';
import type { Admin } from '../test/support/admin.ts';
import { inParallel } from '../test/support/in-parallel.ts';
import { startOwnCluster } from '../test/support/own-cluster.ts';
import { makePlace } from '../test/support/controller-stage.ts';
import { wholeNumber } from './arguments.ts';
import { print, runCommand } from './command.ts';
import { loadNow, machineLine } from './machine.ts';
import { cpuMicroseconds, residentMegabytes } from './measure.ts';

const USAGE = `node bench/controller.ts [--sources N] [--profile FILE]

Measures dist/main.js (npm run build) as the controller of N ApiServerSources (default: 1000), ten in a namespace.

  --profile FILE  also writes a CPU profile of the controller
`;
const MAIN = join(import.meta.dirname, '..', 'dist', 'main.js');
const EACH_NAMESPACE = 10;
/** As the Dockerfile has it. */
const NODE_FLAGS = ['--max-semi-space-size=4'];
const IDLE_MS = 20_000;
/** The Deployments of adapters; that of the controller is installed with it. */
const MADE = '/apis/apps/v1/deployments?labelSelector=eventing.knative.dev/sourceName';
const LOOK_EVERY_MS = 500;

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** Whether the controller has said all that it can say where no Pod runs. */
function isDecided(status: Status | undefined): boolean {
  const isTrue = (type: string) => status?.conditions?.some((it) => it.type === type && it.status === 'True') ?? false;
  return isTrue('SinkProvided') && isTrue('SufficientPermissions');
}

async function countDecided(admin: Admin): Promise<number> {
  const { items } = await admin.list('/apis/sources.knative.dev/v1/apiserversources');
  return items.filter((it) => isDecided(it['status'] as Status | undefined)).length;
}

async function countDeployments(admin: Admin): Promise<number> {
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  const { text } = await admin.request('GET', MADE, undefined, { accept });
  return (JSON.parse(text) as { items: unknown[] }).items.length;
}

/** All requests that the API server has answered so far, those of its own included. */
async function requestsSoFar(admin: Admin): Promise<number> {
  const { text } = await admin.request('GET', '/metrics');
  return Array.from(text.matchAll(/^apiserver_request_total\{.*\} (\d+)$/gm), ([, count]) => Number(count)).reduce(
    (sum, count) => sum + count,
    0,
  );
}

async function requestsPerSecond(admin: Admin): Promise<number> {
  const before = await requestsSoFar(admin);
  const begun = performance.now();
  await delay(IDLE_MS);
  // One of them is the question itself.
  return ((await requestsSoFar(admin)) - before - 1) / ((performance.now() - begun) / 1_000);
}

async function makeSources(admin: Admin, namespaces: readonly string[], sources: number): Promise<void> {
  await inParallel([...Array(sources).keys()], 32, async (at) => {
    const namespace = namespaces[at % namespaces.length] ?? '';
    await admin.create(sourcesIn(namespace), sourceOf(`source-${at}`, { serviceAccountName: 'watcher' }));
  });
}

async function untilAll(admin: Admin, sources: number, begun: number): Promise<void> {
  let deployedMs: number | undefined;
  for (;;) {
    await delay(LOOK_EVERY_MS);
    if (deployedMs === undefined && (await countDeployments(admin)) === sources) {
      deployedMs = performance.now() - begun;
      row('every Deployment is made', `${(deployedMs / 1_000).toFixed(1)} s`);
    }
    if (deployedMs !== undefined && (await countDecided(admin)) === sources) return;
  }
}

function row(what: string, value: string): void {
  print(what.padEnd(44) + value);
}

async function measure(admin: Admin, controller: ControllerProcess, sources: number): Promise<void> {
  const namespaces = Array.from({ length: Math.ceil(sources / EACH_NAMESPACE) }, (_, at) => `team-${at}`);
  await inParallel(namespaces, 16, (namespace) => makePlace(admin, namespace, ['pods']));
  await controller.ready('running');
  await delay(2_000);
  const idle = await requestsPerSecond(admin);
  row('requests/s without a source', idle.toFixed(1));
  const cpuBefore = cpuMicroseconds(controller.pid);
  const begun = performance.now();
  await makeSources(admin, namespaces, sources);
  row('every source is made', `${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  await untilAll(admin, sources, begun);
  row('every condition is decided', `${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  const cpu = (cpuMicroseconds(controller.pid) - cpuBefore) / 1e6;
  row('CPU of the controller', `${cpu.toFixed(1)} s`);
  const outcomes = /^watchbridge_controller_reconciles_total\{.*outcome="(\w+)"\} (\d+)$/gm;
  const reconciles = Array.from((await controller.metrics()).matchAll(outcomes), ([, is, count]) => `${count} ${is}`);
  row('reconciles', reconciles.filter((it) => !it.startsWith('0 ')).join(', '));
  row('peak resident memory', `${residentMegabytes(controller.pid).peak.toFixed(0)} MB`);
  await delay(5_000);
  row('requests/s afterwards', (await requestsPerSecond(admin)).toFixed(1));
  row('resident memory afterwards', `${residentMegabytes(controller.pid).current.toFixed(0)} MB`);
}

async function bench(sources: number, profile: string | undefined): Promise<void> {
  const endings: (() => unknown)[] = [];
  await using cluster = await startOwnCluster();
  await installWatchbridge(cluster.admin);
  const env = { ...CONTROLLER_ENV, KUBECONFIG: cluster.adminKubeconfig, MALLOC_ARENA_MAX: '1' };
  const flags = profile === undefined ? NODE_FLAGS : [...NODE_FLAGS, '--cpu-prof', `--cpu-prof-name=${profile}`];
  const scope = { after: (ending: () => unknown) => void endings.push(ending), diagnostic: () => undefined };
  const controller = await startController(scope, env, { main: MAIN, nodeFlags: flags });
  try {
    await measure(cluster.admin, controller, sources);
    await controller.end('SIGTERM');
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
  run: async ({ sources, profile }) => {
    print(machineLine());
    print(`${sources} sources, ${EACH_NAMESPACE} in a namespace`);
    await bench(sources, profile);
    print(`load at the end ${loadNow()}`);
  },
});
