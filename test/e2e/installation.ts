import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { kubectl, waitUntilAvailable } from './kubectl.ts';
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

/** Installs the product for a walkthrough, and waits until all of it works; what it returns takes it away. */
export async function install(): Promise<() => Promise<void>> {
  const file = await writeInstallFile();
  await kubectl(['apply', '--server-side', `--filename=${file}`]);
  await waitUntilAvailable(SYSTEM, 'watchbridge-controller');
  await waitUntilAvailable(SYSTEM, 'watchbridge-webhook');
  return () => uninstall(file);
}

/** Takes away all that the file installed, once no source is left. */
export async function uninstall(file: string): Promise<void> {
  await kubectl(['delete', `--filename=${file}`, '--ignore-not-found', '--timeout=180s']);
}

/** What the controller has said last, for a test that has failed. */
export async function controllerLog(): Promise<string> {
  const selector = '--selector=app.kubernetes.io/component=controller';
  return await kubectl(['logs', `--namespace=${SYSTEM}`, selector, '--tail=60']).catch(String);
}
