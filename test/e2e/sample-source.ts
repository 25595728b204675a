import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { eventually } from '../support/eventually.ts';
import { kubectl, podLog, table, waitUntilAvailable } from './kubectl.ts';
import { imageOf } from './target.ts';

const MANIFESTS = join(import.meta.dirname, '..', '..', 'examples', 'sample-source', 'manifests');
/** Of its controller, by the manifest. */
const SYSTEM = 'sample-source';

/** What controller and adapters of the sample run. */
export const IMAGE = imageOf('sample-source');

/** One of its sources. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

interface Metadata {
  readonly uid: string;
  readonly generation: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

interface SampleSource {
  readonly metadata: Metadata;
  readonly status: {
    readonly observedGeneration?: number;
    readonly sinkUri?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Deployment {
  readonly metadata: Metadata;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly image: string;
          readonly env: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

interface SinkBinding {
  readonly spec: { readonly subject: object };
  readonly status?: { readonly sinkUri?: string };
}

/** Applies the kind and the controller, and waits until that runs. */
export async function installController(): Promise<void> {
  await applyManifest('crd.yaml');
  await kubectl(['wait', 'customresourcedefinition/samplesources.samples.knative.dev', '--for=condition=Established']);
  await applyManifest('controller.yaml');
  await waitUntilAvailable(SYSTEM, 'controller');
}

/** Applies the two sources of the sample, whose namespace has to be there. */
export async function applySources(): Promise<void> {
  await applyManifest('source.yaml');
}

/** Takes away the sources with their namespace, the controller and the kind. */
export async function takeAway(namespace: string): Promise<void> {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=180s']);
  for (const file of ['controller.yaml', 'crd.yaml']) {
    await kubectl(['delete', `--filename=${join(MANIFESTS, file)}`, '--ignore-not-found', '--timeout=180s']);
  }
}

export async function controllerLog(): Promise<string> {
  return await kubectl(['logs', 'deployment/controller', `--namespace=${SYSTEM}`, '--tail=60']).catch(String);
}

export async function untilReady(namespace: string, name: string): Promise<void> {
  await kubectl([
    'wait',
    `samplesource/${name}`,
    `--namespace=${namespace}`,
    '--for=condition=Ready',
    '--timeout=180s',
  ]);
}

export async function read(namespace: string, name: string): Promise<SampleSource> {
  return (await get(namespace, 'samplesource', name)) as SampleSource;
}

/** The status of one of its conditions. */
export async function condition(namespace: string, name: string, type: string): Promise<string | undefined> {
  const { status } = await read(namespace, name);
  return status.conditions?.find((it) => it.type === type)?.status;
}

export async function deploymentOf(namespace: string, name: string): Promise<Deployment> {
  return (await get(namespace, 'deployment', name)) as Deployment;
}

/** The SinkBinding of a source. */
export async function bindingOf(namespace: string, source: string): Promise<SinkBinding> {
  return (await get(namespace, 'sinkbinding', `${source}-sinkbinding`)) as SinkBinding;
}

/** Changes the spec of a source. */
export async function patch(namespace: string, name: string, spec: object): Promise<void> {
  const flags = [`--namespace=${namespace}`, '--type=merge', `--patch=${JSON.stringify({ spec })}`];
  await kubectl(['patch', 'samplesource', name, ...flags]);
}

/** Waits for a Kubernetes event of type Normal with this reason and message. */
export async function notice(namespace: string, reason: string, message: string): Promise<void> {
  let last = '';
  await eventually(
    () => `the event ${reason} ${message}: ${last}`,
    async () => {
      const flags = [`--field-selector=reason=${reason},type=Normal`, `--namespace=${namespace}`];
      last = await kubectl(['get', 'events', ...flags, '--output=jsonpath={range .items[*]}{.message}{"\\n"}{end}']);
      return last.split('\n').includes(message);
    },
  );
}

/** A line of the adapter's log. */
interface Entry {
  readonly logger: string;
  readonly msg: string;
  readonly ts: string;
  readonly interval?: string;
}

/** The log of the adapter's newest Pod. */
export async function adapterEntries(source: Named): Promise<readonly Entry[]> {
  const log = await podLog(source.namespace, await runningPod(source));
  return log.split('\n').flatMap((line) => (line.startsWith('{') ? (JSON.parse(line) as Entry) : []));
}

/** The newest Pod of the adapter that runs. */
export async function runningPod({ namespace, name }: Named): Promise<string> {
  const flags = [`--selector=knative-eventing-source-name=${name}`, '--sort-by=.metadata.creationTimestamp'];
  return await eventually('a pod of the adapter', async () => {
    const { rows } = await table(namespace, 'pods', ...flags);
    return rows.findLast(({ STATUS }) => STATUS === 'Running')?.['NAME'];
  });
}

async function applyManifest(file: string): Promise<void> {
  const text = await readFile(join(MANIFESTS, file), 'utf8');
  await kubectl(['apply', '--filename=-'], text.replaceAll('sample-source:latest', IMAGE));
}

async function get(namespace: string, kind: string, name: string): Promise<unknown> {
  return JSON.parse(await kubectl(['get', kind, name, `--namespace=${namespace}`, '--output=json']));
}
