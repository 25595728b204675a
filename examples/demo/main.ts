import { once } from 'node:events';
import { type ControlPlane, startControlPlane } from '../../test/controlplane/control-plane.ts';
import { startKeeper } from '../../test/controlplane/keeper.ts';
import type { Tell } from '../../test/controlplane/programs/program.ts';
import { startAdapter } from './adapter.ts';
import { type Change, CHANGES } from './changes.ts';
import { type Cluster, connectTo } from './cluster.ts';
import { runFromCommandLine } from './command-line.ts';
import { type Display, startDisplay } from './display.ts';
import { controlPlaneFailed, DemoFailed, Interrupted, processDied, unlessEnding, within } from './failures.ts';
import { type Process, startProcess, type StartProcess } from './processes.ts';
import { getPrograms, kubectlCommand } from './programs.ts';
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
}

/** An event takes milliseconds. */
const EVENT_LIMIT_MS = 15_000;

/**
 * The demo, from top to bottom. Resolves after its own changes or, where it stays, when the user ends it. Throws a
 * `DemoFailed` when it cannot go on, and an `Interrupted` when the user ends it before. All that it started has ended then.
 */
async function demo(ending: AbortController, { stays }: { readonly stays: boolean }): Promise<void> {
  const terminal = createTerminal(process.stdout);
  await using scope = new AsyncDisposableStack();
  scope.defer(() => terminal.print(terminal.paint('dim', '\nThe demo has ended.')));
  const keeper = await startKeeper();
  scope.defer(() => keeper.end());
  const start: StartProcess = (spec) => {
    ending.signal.throwIfAborted();
    return scope.use(startProcess(spec, keeper));
  };
  const stage: Stage = { terminal, ending, scope, start };

  introduce(terminal);
  // It starts while the API server does.
  const display = openDisplay(stage);
  const controlPlane = await bringUpControlPlane(stage);
  const cluster = scope.use(connectTo(controlPlane, ending.signal));
  await prepareNamespace(stage, cluster);
  await connectAdapter(stage, controlPlane, display);

  for (const change of CHANGES) await makeAndShow(change, stage, cluster, display);

  if (stays) await inviteAndWait(stage, controlPlane);
}

function introduce({ print, paint }: Terminal): void {
  print(paint('bold', 'Watchbridge: from the Kubernetes API server to CloudEvents'));
  print('');
  print(paint('dim', 'A real API server starts on this machine, with the adapter that watches it and'));
  print(paint('dim', 'event-display, which prints what the adapter sends. On a new machine the API'));
  print(paint('dim', 'server has to be downloaded or built first, which can take five minutes.'));
  print('');
}

function openDisplay(stage: Stage): Display {
  const { terminal, start } = stage;
  const display = startDisplay(start, {
    show: (piece) => showPiece(piece, new Date(), terminal),
    warn: (line) => warn(stage, line),
  });
  endWith(display.process, stage, 'event-display', 'Nobody receives the events any more.');
  return display;
}

async function bringUpControlPlane(stage: Stage): Promise<ControlPlane> {
  const done = ({ server }: ControlPlane) => `Kubernetes API server at ${server}`;
  const controlPlane = await step(stage, { running: 'Kubernetes API server', done }, async (tell) => {
    await getPrograms(stage.start, tell);
    // When the demo ends before it is up, its own keeper ends what there is of it.
    return await startControlPlane({ tell }).catch(controlPlaneFailed);
  });
  return stage.scope.use(controlPlane);
}

async function prepareNamespace(stage: Stage, cluster: Cluster): Promise<void> {
  const done = () => 'Namespace shop with ServiceAccount shop-watcher, Role, RoleBinding';
  await step(stage, { running: 'Namespace shop', done }, async () => {
    await cluster.apply('namespace.yaml');
    await cluster.apply('access.yaml');
  });
}

async function connectAdapter(stage: Stage, controlPlane: ControlPlane, display: Display): Promise<void> {
  const { start, ending } = stage;
  const url = await step(
    stage,
    { running: 'event-display', done: (at) => `event-display at ${at}` },
    () => display.url,
  );
  const done = () => 'Adapter watches ConfigMaps and Deployments in shop as shop-watcher';
  await step(stage, { running: 'Adapter', done }, async () => {
    const kubeconfig = await controlPlane.kubeconfigForServiceAccount('shop', 'shop-watcher');
    const adapter = startAdapter(start, { kubeconfig, sink: url }, { warn: (line) => warn(stage, line) });
    endWith(adapter.process, stage, 'The adapter', 'Nobody watches the API server any more.');
    await adapter.ready(ending.signal);
  });
}

async function makeAndShow(change: Change, stage: Stage, cluster: Cluster, display: Display): Promise<void> {
  const { terminal, ending } = stage;
  terminal.print('');
  terminal.print(terminal.paint(['bold', 'cyan'], `▸ ${change.title}`));
  const shown = display.shown(change.verb, change.subject);
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
  print(`${kubectl} -n shop create configmap hello --from-literal=a=b`);
  print('');
  print(paint('dim', 'What that brings about appears here. Ctrl-C ends everything.'));
  if (!ending.signal.aborted) await once(ending.signal, 'abort');
  if (!(ending.signal.reason instanceof Interrupted)) throw ending.signal.reason;
}

function step<T>({ terminal, ending }: Stage, titles: StepTitles<T>, work: (tell: Tell) => Promise<T>): Promise<T> {
  return showStep(terminal, titles, (tell) => unlessEnding(work(tell), ending.signal));
}

/** The demo makes no sense without this process. */
function endWith({ ended }: Process, { ending }: Stage, name: string, meaning: string): void {
  void ended.then((how) => ending.abort(processDied(name, meaning, how)));
}

/** Something goes wrong that does not end the demo. */
function warn({ terminal, ending }: Stage, line: string): void {
  if (!ending.signal.aborted) terminal.print(terminal.paint('yellow', `! ${line}`));
}

process.exit(await runFromCommandLine(process.argv.slice(2), demo));
