import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lookInAssets, lookInDirectory } from '../../test/controlplane/programs/directory.ts';
import { cacheDirectory, findPrograms, ProgramsMissing } from '../../test/controlplane/programs/find.ts';
import type { Program, Programs, Tell, Way } from '../../test/controlplane/programs/program.ts';
import { DemoFailed } from './failures.ts';
import type { StartProcess } from './processes.ts';

const GET_PROGRAMS = fileURLToPath(new URL('get-programs.ts', import.meta.url));

/**
 * Sees to it that the programs of a control plane are on this machine. Where they have to be downloaded or built, a
 * process of its own does it, so that minutes of work can be ended at any moment.
 * Throws a {@link DemoFailed} that says what to do when they cannot be had.
 */
export async function getPrograms(start: StartProcess, tell: Tell): Promise<void> {
  if ((await lookFor(['etcd', 'kube-apiserver', 'kube-controller-manager'], atHand())) !== undefined) return;
  const complaints: string[] = [];
  const getting = start({
    args: [GET_PROGRAMS],
    onLine: (line, from) => {
      if (from === 'stdout') tell(line);
      else complaints.push(line);
    },
  });
  const { ok } = await getting.ended;
  if (!ok) throw new DemoFailed(complaints.join('\n'));
}

/** What to type for kubectl: the user's own, or else the path of the one that came with the API server. */
export async function kubectlCommand(): Promise<string> {
  const path = process.env['PATH'] ?? '';
  const installed = path.split(delimiter).map((directory) => lookInDirectory('PATH', directory));
  if ((await lookFor(['kubectl'], installed)) !== undefined) return 'kubectl';
  return (await lookFor(['kubectl'], atHand()))?.('kubectl') ?? 'kubectl';
}

/** Where programs may be already, in the order in which the control plane looks. */
function atHand(): Way[] {
  const { env } = process;
  return [lookInAssets(env['KUBEBUILDER_ASSETS']), lookInDirectory('cache', cacheDirectory(env))];
}

async function lookFor(wanted: readonly Program[], ways: readonly Way[]): Promise<Programs | undefined> {
  try {
    return await findPrograms(wanted, () => undefined, ways);
  } catch (error) {
    if (error instanceof ProgramsMissing) return undefined;
    throw error;
  }
}
