import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { readTable } from '../support/kubectl-table.ts';
import { target } from './target.ts';

/** Longer than any wait that the tests ask kubectl for. */
const LIMIT_MS = 240_000;

/**
 * Runs kubectl as the cluster's administrator; `input` goes to its standard input. Resolves to what it printed.
 * Throws with what it complained of when it fails, or ends after four minutes.
 */
export async function kubectl(args: readonly string[], input = ''): Promise<string> {
  const { kubectl: program, kubeconfig } = target();
  const child = spawn(program, [`--kubeconfig=${kubeconfig}`, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code, printed, complaint] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with exit code ${code}: ${complaint.trim()}`);
  return printed;
}

/** Applies objects in a namespace. */
export async function apply(namespace: string, items: readonly object[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl(['apply', `--namespace=${namespace}`, '--filename=-'], list);
}

/**
 * Makes a namespace for one test, where Pod Security enforces `restricted`. When the test has failed, what is in it and
 * what happened there is printed before it is deleted.
 */
export async function restrictedNamespace(t: TestContext, prefix: string): Promise<string> {
  const name = await openNamespace(t, prefix);
  await kubectl(['label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted']);
  return name;
}

/** As {@link restrictedNamespace}, for manifests of others that Pod Security would refuse. */
export async function openNamespace(t: TestContext, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await kubectl(['create', 'namespace', name]);
  t.after(async () => {
    await tellWhyFailed(t, () => whatIsIn(name));
    await kubectl(['delete', 'namespace', name, '--wait=false']);
  });
  return name;
}

/** For a hook after a test: prints what `look` finds when the test has failed. */
export async function tellWhyFailed(t: TestContext, look: () => Promise<string>): Promise<void> {
  // @types/node lacks `passed`.
  const { passed } = t as { passed?: boolean };
  if (passed !== true) t.diagnostic(await look());
}

/** Waits until a Deployment has what it wants, three minutes at most. */
export async function waitUntilAvailable(namespace: string, deployment: string): Promise<void> {
  const what = [`deployment/${deployment}`, '--for=condition=Available', '--timeout=180s'];
  await kubectl(['wait', `--namespace=${namespace}`, ...what]);
}

/** What the pods of an app have printed so far. */
export async function logs(namespace: string, app: string): Promise<string> {
  return await kubectl(['logs', `--namespace=${namespace}`, `--selector=app=${app}`, '--tail=-1']);
}

/** What `kubectl get` prints, read as a table. */
export async function table(namespace: string, ...args: readonly string[]): Promise<ReturnType<typeof readTable>> {
  return readTable(await kubectl(['get', ...args, `--namespace=${namespace}`]));
}

/** What a Pod's container has printed so far. */
export async function podLog(namespace: string, pod: string): Promise<string> {
  return await kubectl(['logs', pod, `--namespace=${namespace}`]);
}

async function whatIsIn(namespace: string): Promise<string> {
  const views = [
    ['get', 'deployments,pods,services', '--output=wide'],
    ['get', 'events', '--sort-by=.lastTimestamp'],
    ['logs', '--selector=app', '--all-containers', '--prefix', '--tail=30'],
    ['logs', '--selector=eventing.knative.dev/sourceName', '--prefix', '--tail=30'],
  ];
  const answers = views.map((view) => kubectl([...view, `--namespace=${namespace}`]).catch(String));
  // A program that dies may print the line that it died in, which a bundler has made a long one.
  return (await Promise.all(answers)).join('\n').replaceAll(/^(.{400}).+$/gm, '$1…');
}
