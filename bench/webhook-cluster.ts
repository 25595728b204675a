import type { Resource } from '../src/kube/resource.ts';
import type { SinkBinding } from '../src/sources/sinkbinding/spec.ts';
import { configurationOf } from '../src/sources/sinkbinding/webhook/configuration.ts';
import { bindingsIn } from '../test/support/bindings.ts';
import { inParallel } from '../test/support/in-parallel.ts';
import type { OwnCluster } from '../test/support/own-cluster.ts';
import { SYSTEM } from './as-account.ts';
import { bindingsOf, boundNamespace, namespacesOf } from './webhook-objects.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const VERBS = ['create', 'list', 'update', 'watch'];
const WRITERS = 16;

/** Makes the namespaces, so many of them bound, with the Services and the bindings. */
export async function makeBindings(cluster: OwnCluster, bound: number): Promise<readonly SinkBinding[]> {
  const { admin } = cluster;
  await inParallel(namespacesOf(bound), WRITERS, async (name) => {
    await admin.create('/api/v1/namespaces', { metadata: { name } });
    const spec = { ports: [{ port: 80 }] };
    await admin.create(`/api/v1/namespaces/${name}/services`, { metadata: { name: 'orders' }, spec });
  });
  await inParallel([...Array(bound).keys()], WRITERS, async (number) => {
    for (const binding of bindingsOf()) await admin.create(bindingsIn(boundNamespace(number)), binding);
  });
  return (await admin.list('/apis/sources.knative.dev/v1/sinkbindings')).items as unknown as SinkBinding[];
}

function resourceOf({ spec }: SinkBinding): Resource {
  const isJob = spec.subject?.kind === 'Job';
  const [group, plural, kind] = isJob ? ['batch', 'jobs', 'Job'] : ['apps', 'deployments', 'Deployment'];
  return { group, version: 'v1', plural, kind, namespaced: true, verbs: VERBS };
}

/** What the controller tells the API server, with the authorities of this moment. */
export async function configure(
  { admin }: OwnCluster,
  bindings: readonly SinkBinding[],
  port: number,
  authorities: string,
): Promise<void> {
  const bound = bindings.map((binding) => ({ binding, resource: resourceOf(binding) }));
  const client = { url: `https://127.0.0.1:${port}/sinkbindings` };
  const { metadata } = await admin.get(`/api/v1/namespaces/${SYSTEM}`);
  const configuration = configurationOf(bound, client, authorities, { name: SYSTEM, uid: metadata.uid ?? '' });
  const path = `${CONFIGURATIONS}/${configuration.metadata.name}?fieldManager=bench&force=true`;
  const { status, text } = await admin.request(
    'PATCH',
    path,
    { ...configuration },
    {
      'content-type': 'application/apply-patch+yaml',
    },
  );
  if (status > 299) throw new Error(`The webhook is not configured: ${text}`);
}
