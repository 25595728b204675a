import { createInformerPool } from '../reconcile/informer-pool.ts';
import { createDiscovery, type Discovery } from '../kube/discovery.ts';
import { KubeError } from '../kube/errors.ts';
import type { SourcesIo } from '../sources/apiserver/controller.ts';
import type { ControlledKind } from './controller-kinds.ts';
import type { ReadinessBoard } from '../process/readiness-board.ts';

/** A CRD may be installed after the controller; asking for it costs one small request. */
const LOOK_EVERY_MS = 5_000;

/**
 * Takes care of every kind that the API server has, until `signal` is aborted. One that it does not have is waited for;
 * where one ends by a bug, all end, and the error is thrown.
 */
export async function runKinds(
  kinds: readonly ControlledKind[],
  io: Omit<SourcesIo, 'started'>,
  standing: ReadinessBoard,
  signal: AbortSignal,
): Promise<void> {
  const bug = new AbortController();
  const ending = AbortSignal.any([signal, bug.signal]);
  const discovery = createDiscovery(io.kube);
  for (const { resource } of kinds) standing.set(resource.plural, 'starting', false);
  const pooled = { ...io, pool: createInformerPool() };
  const running = kinds.map(async (kind) => {
    try {
      await runKind(kind, discovery, pooled, standing, ending);
    } finally {
      bug.abort();
    }
  });
  await Promise.allSettled(running);
  await Promise.all(running);
}

async function runKind(
  kind: ControlledKind,
  discovery: Discovery,
  io: Omit<SourcesIo, 'started'>,
  standing: ReadinessBoard,
  signal: AbortSignal,
): Promise<void> {
  const { plural } = kind.resource;
  if (!(await isServed(kind, discovery, io, standing, signal))) return;
  standing.set(plural, 'reading what there is', false);
  const started = (): void => standing.set(plural, 'running', true);
  await kind.run({ ...io, started }, signal);
}

/** Waits until the API server has the kind. False: `signal` was aborted first. */
async function isServed(
  { resource: { plural, ...groupVersion } }: ControlledKind,
  discovery: Discovery,
  { clock, log }: Pick<SourcesIo, 'clock' | 'log'>,
  standing: ReadinessBoard,
  signal: AbortSignal,
): Promise<boolean> {
  let told = false;
  while (!signal.aborted) {
    try {
      const { is } = await discovery.find(groupVersion, { plural }, signal);
      if (is === 'found') return true;
      // Whoever did not install a kind does not miss it.
      standing.set(plural, 'not installed', true);
      if (!told) log.info({ resource: plural }, 'kind is not installed; it is looked for again');
      told = true;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (signal.aborted) return false;
      standing.set(plural, error.message, false);
      log.warn({ resource: plural, reason: error.code, detail: error.message }, 'kind cannot be looked up yet');
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
  return false;
}
