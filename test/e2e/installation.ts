import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kubectl } from './kubectl.ts';
import { target } from './target.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 30_000;

/** The namespace of the controller. */
export const SYSTEM = 'watchbridge-system';

/** Makes the one file of an installation that runs the cluster's image, as an administrator would; returns its path. */
export async function writeInstallFile(): Promise<string> {
  const script = join(REPOSITORY, 'scripts', 'install.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, target().image], { timeout: LIMIT_MS });
  return stdout.trim();
}

/** Takes away all that the file installed, once no source is left. */
export async function uninstall(file: string): Promise<void> {
  await kubectl(['delete', `--filename=${file}`, '--ignore-not-found', '--timeout=60s']);
}

/** What the controller has said last, for a test that has failed. */
export async function controllerLog(): Promise<string> {
  const selector = '--selector=app.kubernetes.io/component=controller';
  return await kubectl(['logs', `--namespace=${SYSTEM}`, selector, '--tail=60']).catch(String);
}
