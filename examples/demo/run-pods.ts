import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/process/clock.ts';
import { createLog } from '../../src/process/log.ts';
import { startInformer } from '../../src/reconcile/informer.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { DemoFailed, processDied, unlessEnding } from './failures.ts';
import { type Images, type Program, programOf } from './images.ts';
import { configMapsOf, environmentOf, type Pod, serviceIn } from './pod.ts';
import type { StartProcess } from './processes.ts';

export interface PodsIo {
  readonly kube: KubeClient;
  readonly start: StartProcess;
  /** The user's own, whose Pods run here too. */
  readonly images: Images;
  /** Writes a kubeconfig of a ServiceAccount, and answers with its path. */
  readonly kubeconfigFor: (namespace: string, account: string) => Promise<string>;
  /** Hears what event-display prints. */
  readonly show: (line: string) => void;
  /** Hears, in words, that a Pod of the user's runs. */
  readonly tell: (line: string) => void;
  /** Hears, in words, what goes wrong in a Pod without ending the demo. */
  readonly warn: (line: string) => void;
  /** Hears why the demo cannot go on. */
  readonly fail: (error: unknown) => void;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const PODS = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
const READY_POLL_MS = 25;
const READY_LIMIT_MS = 30_000;
/** Before what ended is started again, as a kubelet does: doubled each time, up to the longest. */
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 30_000;

/**
 * Runs Pods of our image and of the user's as processes of this machine, in place of the nodes that the demo does not
 * have: with the rights of their ServiceAccounts and their environment, but on ports of their own. Other Pods stay
 * pending. Ends with `signal`; the processes end with the demo.
 */
export function runPods(io: PodsIo, signal: AbortSignal): void {
  const log = createLog({ component: 'demo', level: 'error', destination: { write: () => undefined } });
  const informerIo = { kube: io.kube, clock: systemClock, log, metrics: createControllerMetrics() };
  const pods = startInformer<Pod>({ resource: PODS, carries: 'objects' }, informerIo, signal);
  const addresses = createAddresses();
  /** By uid; aborted when the Pod is deleted. */
  const running = new Map<string, AbortController>();
  pods.subscribe(({ is, object }) => {
    const { uid = '' } = object.metadata;
    if (is === 'deleted') {
      running.get(uid)?.abort();
      running.delete(uid);
    }
    const program = programOf(object, io.images, MAIN);
    if (is !== 'added' || program === undefined) return;
    const deleted = new AbortController();
    running.set(uid, deleted);
    const ending = AbortSignal.any([deleted.signal, signal]);
    const run = program.isOurs ? runPod : keepRunning;
    run(object, program, addresses, io, ending).catch((error: unknown) => {
      if (!ending.aborted) io.fail(error);
    });
  });
}

/** Runs a Pod of the user's. What ends is told, unless the Pod is replaced at once, and started again. */
async function keepRunning(
  pod: Pod,
  program: Program,
  addresses: Addresses,
  io: PodsIo,
  signal: AbortSignal,
): Promise<void> {
  for (let rest = FIRST_REST_MS; ; rest = Math.min(2 * rest, LONGEST_REST_MS)) {
    const failure = await runPod(pod, program, addresses, io, signal).catch((error: unknown) => error);
    if (!(failure instanceof DemoFailed) || signal.aborted) throw failure;
    await delay(rest, undefined, { signal });
    await tellReady(pod, false, io, signal);
    io.warn(failure.message);
  }
}

/** Rejects when its process ends. */
async function runPod(
  pod: Pod,
  program: Program,
  addresses: Addresses,
  io: PodsIo,
  signal: AbortSignal,
): Promise<never> {
  const { name, args, folder, isOurs } = program;
  const command = pod.spec.containers[0].args?.[0] ?? '';
  const ready = Promise.withResolvers<number>();
  const isDisplay = isOurs && command === 'event-display';
  const env = await localEnvironment(pod, addresses, io, signal);
  signal.throwIfAborted();
  await using process = io.start({
    args,
    cwd: folder,
    env,
    onLine: (line, from) => {
      const port = portIn(line);
      if (port !== undefined) ready.resolve(port);
      else if (isDisplay && from === 'stdout') io.show(line);
      else if (!isDisplay) warnOf(command, line, io);
    },
  });
  const died = process.ended.then((how) => {
    throw processDied(name, isOurs ? 'The demo needs it.' : 'It is started again.', how);
  });
  const ended = unlessEnding(died, signal);
  // It is waited for below, unless something else goes wrong before.
  ended.catch(() => undefined);
  const port = await Promise.race([ready.promise, ended]);
  if (isDisplay) addresses.set(`event-display.${pod.metadata.namespace}`, `http://127.0.0.1:${port}`);
  else await Promise.race([becomesReady(name, `http://127.0.0.1:${port}/readiness`, signal), ended]);
  await tellReady(pod, true, io, signal);
  if (!isOurs) io.tell(`${name} is ready: it runs ${[...args, 'in', folder].join(' ')}`);
  return await ended;
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

const RUNS = { running: {} };
const RESTS = { waiting: { reason: 'CrashLoopBackOff' } };

/** What a kubelet says of a Pod, as far as kubectl shows it. */
async function tellReady(
  { metadata: { namespace, name }, spec: { containers } }: Pod,
  isReady: boolean,
  { kube }: PodsIo,
  signal: AbortSignal,
): Promise<void> {
  const [{ name: container, image }] = containers;
  await kube.json({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    contentType: 'application/merge-patch+json',
    body: {
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
        containerStatuses: [
          { name: container, image, imageID: '', ready: isReady, restartCount: 0, state: isReady ? RUNS : RESTS },
        ],
      },
    },
    signal,
  });
}

async function becomesReady(name: string, probe: string, signal: AbortSignal): Promise<void> {
  for (const limit = performance.now() + READY_LIMIT_MS; ;) {
    // One that does not answer is ending, of which its process tells more.
    const answer = await fetch(probe).catch(() => undefined);
    if (answer?.status === 200) return;
    if (performance.now() > limit) {
      throw new DemoFailed(`${name} is not ready. It says:\n\n${(await answer?.text()) ?? 'nothing'}`);
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
