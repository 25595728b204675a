import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../../test/controlplane/control-plane.ts';
import { startKeeper } from '../../test/controlplane/keeper.ts';
import type { Tell } from '../../test/controlplane/programs/program.ts';
import { type Change, CHANGES } from './changes.ts';
import { type Cluster, connectTo } from './cluster.ts';
import { type DemoOptions, runFromCommandLine } from './command-line.ts';
import { createDisplay, type Display } from './display.ts';
import { controlPlaneFailed, DemoFailed, Interrupted, unlessEnding, within } from './failures.ts';
import { startProcess, type StartProcess } from './processes.ts';
import type { Images } from './images.ts';
import { getPrograms, kubectlCommand } from './programs.ts';
import { runPods } from './run-pods.ts';
import { showPiece } from './show-piece.ts';
import { showStep, type StepTitles } from './step.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** What all scenes of the demo share. */
interface Stage {
  readonly terminal: Terminal;
  readonly start: StartProcess;
  /** Aborted when the demo has to end; the reason says why. */
  readonly ending: AbortController;
  /** Ends what is put into it when the demo ends, the last thing first. */
  readonly scope: AsyncDisposableStack;
  readonly images: Images;
}

/** An event takes milliseconds. */
const EVENT_LIMIT_MS = 15_000;
const READY_POLL_MS = 50;

/**
 * The demo, from top to bottom. Resolves after its own changes or, where it stays, when the user ends it. Throws a
 * `DemoFailed` when it cannot go on, and an `Interrupted` when the user ends it before. All that it started has ended then.
 */
async function demo(ending: AbortController, { stays, images }: DemoOptions): Promise<void> {
  const terminal = createTerminal(process.stdout);
  await using scope = new AsyncDisposableStack();
  scope.defer(() => terminal.print(terminal.paint('dim', '\nThe demo has ended.')));
  const keeper = await startKeeper();
  scope.defer(() => keeper.end());
  const start: StartProcess = (spec) => {
    ending.signal.throwIfAborted();
    return scope.use(startProcess(spec, keeper));
  };
  const stage: Stage = { terminal, ending, scope, start, images };

  introduce(terminal);
  const controlPlane = await bringUpControlPlane(stage);
  const cluster = scope.use(connectTo(controlPlane, ending.signal));
  const display = createDisplay((piece) => showPiece(piece, new Date(), terminal));
  const nodes = takePlaceOfNodes(stage, controlPlane, cluster, display);
  try {
    await install(stage, cluster);
    await applySource(stage, cluster);
    await showSources(stage, cluster);
    for (const change of CHANGES) await makeAndShow(change, stage, cluster, display);
    if (stays) await inviteAndWait(stage, controlPlane);
  } finally {
    nodes.abort();
  }
}

function introduce({ print, paint }: Terminal): void {
  print(paint('bold', 'Watchbridge: from the Kubernetes API server to CloudEvents'));
  print('');
  print(paint('dim', 'A real Kubernetes control plane starts on this machine, and Watchbridge is'));
  print(paint('dim', 'installed there. It has no nodes: Pods of Watchbridge run as processes. On a new'));
  print(paint('dim', 'machine it has to be downloaded or built first, which can take five minutes.'));
  print('');
}

async function bringUpControlPlane(stage: Stage): Promise<ControlPlane> {
  const done = ({ server }: ControlPlane) => `Kubernetes API server at ${server}`;
  const controlPlane = await step(stage, { running: 'Kubernetes API server', done }, async (tell) => {
    await getPrograms(stage.start, tell);
    // When the demo ends before it is up, its own keeper ends what there is of it.
    return await startControlPlane({ controllerManager: true, tell }).catch(controlPlaneFailed);
  });
  return stage.scope.use(controlPlane);
}

/** @returns to be aborted before its processes are ended */
function takePlaceOfNodes(
  stage: Stage,
  controlPlane: ControlPlane,
  { kube }: Cluster,
  display: Display,
): AbortController {
  const { start, ending, images, terminal } = stage;
  const nodes = new AbortController();
  const fail = (error: unknown): void => ending.abort(error);
  const warn = (line: string): void => warnOf(stage, line);
  const tell = (line: string): void => terminal.print(terminal.paint('dim', line));
  const kubeconfigFor = controlPlane.kubeconfigForServiceAccount;
  runPods(
    { kube, start, images, kubeconfigFor, show: display.line, tell, warn, fail },
    AbortSignal.any([nodes.signal, ending.signal]),
  );
  return nodes;
}

async function install(stage: Stage, cluster: Cluster): Promise<void> {
  const done = () => 'Watchbridge: CRD, RBAC, policies, controller';
  await step(stage, { running: 'Watchbridge', done }, () => cluster.install());
}

async function applySource(stage: Stage, cluster: Cluster): Promise<void> {
  const done = () => 'event-display and ApiServerSource test-apiserver-source';
  await step(stage, { running: 'ApiServerSource', done }, async () => {
    for (const file of ['event-display.yaml', 'rbac.yaml', 'apiserversource.yaml']) await cluster.apply(file);
  });
}

/** Waits until the controller has done its work, and the adapter that it made watches. */
async function showSources(stage: Stage, cluster: Cluster): Promise<void> {
  const { terminal, ending } = stage;
  const done = () => 'The controller made an adapter, which watches';
  const table = await step(stage, { running: 'Controller and adapter', done }, async () => {
    for (;;) {
      const lines = await cluster.sources();
      if (lines.some((line) => / True\b/.test(line))) return lines;
      await delay(READY_POLL_MS, undefined, { signal: ending.signal });
    }
  });
  terminal.print('');
  terminal.print(terminal.paint('dim', '$ kubectl get apiserversource'));
  for (const line of table) terminal.print(line);
}

async function makeAndShow(change: Change, stage: Stage, cluster: Cluster, display: Display): Promise<void> {
  const { terminal, ending } = stage;
  terminal.print('');
  terminal.print(terminal.paint(['bold', 'cyan'], `▸ ${change.title}`));
  const shown = display.shown(change.messages);
  await unlessEnding(change.make(cluster), ending.signal);
  const late = () => new DemoFailed('No event came of that for 15 s. If there are warnings above, they say why.');
  await unlessEnding(within(EVENT_LIMIT_MS, shown, late), ending.signal);
}

async function inviteAndWait({ terminal, ending }: Stage, { adminKubeconfig }: ControlPlane): Promise<void> {
  const { print, paint } = terminal;
  const kubectl = await kubectlCommand();
  print('');
  print(paint('bold', 'Your turn, in another terminal:'));
  print('');
  print(`export KUBECONFIG=${adminKubeconfig}`);
  print(`${kubectl} get apiserversource`);
  print(`${kubectl} create deployment hello --image=nginx`);
  print('');
  print(paint('dim', 'What that brings about appears here. Ctrl-C ends everything.'));
  if (!ending.signal.aborted) await once(ending.signal, 'abort');
  if (!(ending.signal.reason instanceof Interrupted)) throw ending.signal.reason;
}

function step<T>({ terminal, ending }: Stage, titles: StepTitles<T>, work: (tell: Tell) => Promise<T>): Promise<T> {
  return showStep(terminal, titles, (tell) => unlessEnding(work(tell), ending.signal));
}

/** Something goes wrong that does not end the demo. */
function warnOf({ terminal, ending }: Stage, line: string): void {
  if (!ending.signal.aborted) terminal.print(terminal.paint('yellow', `! ${line}`));
}

process.exit(await runFromCommandLine(process.argv.slice(2), demo));
