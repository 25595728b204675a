import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/process/clock.ts';
import { createLog } from '../../src/process/log.ts';
import { startInformer } from '../../src/reconcile/informer.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { DemoFailed, processDied } from './failures.ts';
import { configMapsOf, environmentOf, type Pod, serviceIn } from './pod.ts';
import type { Process, StartProcess } from './processes.ts';

export interface PodsIo {
  readonly kube: KubeClient;
  readonly start: StartProcess;
  /** Writes a kubeconfig of a ServiceAccount, and answers with its path. */
  readonly kubeconfigFor: (namespace: string, account: string) => Promise<string>;
  /** Hears what event-display prints. */
  readonly show: (line: string) => void;
  /** Hears, in words, what goes wrong in a Pod without ending it. */
  readonly warn: (line: string) => void;
  /** Hears why the demo cannot go on. */
  readonly fail: (error: unknown) => void;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const PODS = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
/** What the manifests call ours. */
const IMAGE = 'watchbridge';
/** Others of ours are not needed here, or need what only a node has. */
const COMMANDS: ReadonlySet<string | undefined> = new Set(['controller', 'adapter', 'event-display']);
const READY_POLL_MS = 25;
const READY_LIMIT_MS = 30_000;

/**
 * Runs Pods of our image as processes of this machine, in place of the nodes that the demo does not have: with the
 * rights of their ServiceAccounts and their environment, but on ports of their own. Other Pods stay pending. Ends with
 * `signal`; the processes end with the demo.
 */
export function runPods(io: PodsIo, signal: AbortSignal): void {
  const log = createLog({ component: 'demo', level: 'error', destination: { write: () => undefined } });
  const informerIo = { kube: io.kube, clock: systemClock, log, metrics: createControllerMetrics() };
  const pods = startInformer<Pod>({ resource: PODS, carries: 'objects' }, informerIo, signal);
  const addresses = createAddresses();
  const running = new Map<string, Process>();
  pods.subscribe(({ is, object }) => {
    const { uid = '' } = object.metadata;
    if (is === 'deleted') {
      void running.get(uid)?.[Symbol.asyncDispose]();
      running.delete(uid);
    }
    const [{ image, args }] = object.spec.containers;
    if (is !== 'added' || image !== IMAGE || !COMMANDS.has(args?.[0])) return;
    runPod(object, addresses, io, (process) => running.set(uid, process), signal).catch((error: unknown) => {
      if (running.has(uid) && !signal.aborted) io.fail(error);
    });
  });
}

async function runPod(
  pod: Pod,
  addresses: Addresses,
  io: PodsIo,
  started: (process: Process) => void,
  signal: AbortSignal,
): Promise<void> {
  const [{ args = [] }] = pod.spec.containers;
  const [command = ''] = args;
  const ready = Promise.withResolvers<number>();
  const isDisplay = command === 'event-display';
  const process = io.start({
    args: [MAIN, ...args, ...(isDisplay ? ['--port', '0'] : [])],
    env: await localEnvironment(pod, addresses, io, signal),
    onLine: (line, from) => {
      const port = portIn(line);
      if (port !== undefined) ready.resolve(port);
      else if (isDisplay && from === 'stdout') io.show(line);
      else if (!isDisplay) warnOf(command, line, io);
    },
  });
  started(process);
  const died = process.ended.then((how) => {
    throw processDied(`The ${command}`, 'The demo needs it.', how);
  });
  // It is waited for below, unless something else goes wrong before.
  died.catch(() => undefined);
  const port = await Promise.race([ready.promise, died]);
  if (isDisplay) addresses.set(`event-display.${pod.metadata.namespace}`, `http://127.0.0.1:${port}`);
  else await Promise.race([becomesReady(command, `http://127.0.0.1:${port}/readiness`, signal), died]);
  await tellReady(pod, io, signal);
  await died;
}

async function localEnvironment(
  pod: Pod,
  addresses: Addresses,
  { kube, kubeconfigFor }: PodsIo,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { namespace = '' } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const configMaps = configMapsOf(pod).map((name) =>
    kube.json<{ readonly data?: Readonly<Record<string, string>> }>({ path: `${path}/${name}`, signal }),
  );
  const data = (await Promise.all(configMaps)).map((it) => it.data ?? {});
  const env = environmentOf(pod, data);
  const sink = env['K_SINK'];
  const service = sink === undefined ? undefined : serviceIn(sink);
  return {
    ...env,
    ...(service !== undefined && { K_SINK: await addresses.get(service) }),
    KUBECONFIG: await kubeconfigFor(namespace, pod.spec.serviceAccountName ?? 'default'),
    WATCHBRIDGE_PROBES_PORT: '0',
    WATCHBRIDGE_METRICS_PORT: '0',
  };
}

/** What a kubelet says of a Pod that runs. */
async function tellReady({ metadata: { namespace, name } }: Pod, { kube }: PodsIo, signal: AbortSignal): Promise<void> {
  await kube.json({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    contentType: 'application/merge-patch+json',
    body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
    signal,
  });
}

async function becomesReady(name: string, probe: string, signal: AbortSignal): Promise<void> {
  for (const limit = performance.now() + READY_LIMIT_MS; ;) {
    // One that does not answer is ending, of which its process tells more.
    const answer = await fetch(probe).catch(() => undefined);
    if (answer?.status === 200) return;
    if (performance.now() > limit) {
      throw new DemoFailed(`The ${name} is not ready. It says:\n\n${(await answer?.text()) ?? 'nothing'}`);
    }
    await delay(READY_POLL_MS, undefined, { signal });
  }
}

/** The port that a line says is listened on, for probes where there are some. */
function portIn(line: string): number | undefined {
  const listens = /listens on http:\S+:(\d+)$/.exec(line)?.[1];
  const port = listens ?? parse(line)['probesPort'];
  return port === undefined ? undefined : Number(port);
}

function warnOf(command: string, line: string, { warn }: PodsIo): void {
  const { level, stream, msg, detail } = parse(line);
  if (level !== 'warn' && level !== 'error') return;
  // What an API server says of a kind whose CRD it took a moment ago; the next attempt finds it.
  if (String(detail).includes('storage is (re)initializing')) return;
  warn([command, stream, msg, detail].filter((part) => typeof part === 'string').join(': '));
}

/** The fields of a line of a log; none where it is not JSON, as the complaints about a wrong configuration are not. */
function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Where Services are on this machine, `NAME.NAMESPACE` each; whoever asks waits until they are there. */
interface Addresses {
  get(service: string): Promise<string>;
  set(service: string, url: string): void;
}

function createAddresses(): Addresses {
  const known = new Map<string, PromiseWithResolvers<string>>();
  const of = (service: string): PromiseWithResolvers<string> => {
    const address = known.get(service) ?? Promise.withResolvers<string>();
    known.set(service, address);
    return address;
  };
  return { get: (service) => of(service).promise, set: (service, url) => of(service).resolve(url) };
}
