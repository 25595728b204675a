import { eventually } from '../support/eventually.ts';
import { apply, kubectl, podLog } from './kubectl.ts';
import { imageOf } from './target.ts';

interface Options {
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether it ends, and is waited for. Default: true. */
  readonly wait?: boolean;
}

/** Runs heartbeats in a Pod; its exit code is undefined where it is not waited for. */
export async function runHeartbeats(
  namespace: string,
  name: string,
  { args = [], env, wait = true }: Options,
): Promise<{ readonly code: number | undefined; readonly log: string }> {
  const variables = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  const containers = [{ name: 'heartbeats', image: imageOf('heartbeats'), args, env: variables }];
  const metadata = { name, labels: { app: 'heartbeats' } };
  await apply(namespace, [{ apiVersion: 'v1', kind: 'Pod', metadata, spec: { restartPolicy: 'Never', containers } }]);
  if (!wait) return { code: undefined, log: '' };
  const code = await eventually(`the pod ${name} has ended`, () => exitCode(namespace, name));
  return { code, log: await podLog(namespace, name) };
}

async function exitCode(namespace: string, name: string): Promise<number | undefined> {
  const path = '{.status.containerStatuses[0].state.terminated.exitCode}';
  const text = await kubectl(['get', 'pod', name, `--namespace=${namespace}`, `--output=jsonpath=${path}`]);
  return text === '' ? undefined : Number(text);
}
