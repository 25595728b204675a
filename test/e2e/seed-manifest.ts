import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { kubectl } from './kubectl.ts';
import { imageOf } from './target.ts';

/** The images of the walkthroughs, and which of ours does the same. */
const IMAGES = [
  [/gcr\.io\/\S+\/event_display@sha256:[0-9a-f]+/, 'event-display'],
  [/docker\.io\/coldtea214\/heartbeats:1\.0/, 'heartbeats'],
  [/gcr\.io\/\S+\/cmd\/heartbeats/, 'heartbeats'],
] as const;

/** A manifest of a walkthrough with our images in it, for example `seed-004/rbac.yaml`. */
async function seedText(file: string): Promise<string> {
  const text = await readFile(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
  return IMAGES.reduce((sofar, [theirs, ours]) => sofar.replace(theirs, imageOf(ours)), text);
}

/** `kubectl apply -f file` */
export async function applySeed(namespace: string, file: string): Promise<void> {
  await kubectl(['apply', `--namespace=${namespace}`, '--filename=-'], await seedText(file));
}

/** `kubectl delete -f file`; what is gone already is fine. */
export async function deleteSeed(namespace: string, file: string): Promise<void> {
  const flags = ['--filename=-', '--ignore-not-found', '--timeout=180s'];
  await kubectl(['delete', `--namespace=${namespace}`, ...flags], await seedText(file));
}
