import type { Admin, Body, KubeObject } from '../test/support/admin.ts';
import { inParallel } from '../test/support/in-parallel.ts';

const NAMESPACES = 50;
const WRITERS = 16;
const namespaceOf = (number: number): string => `team-${number % NAMESPACES}`;

/** Makes PingSources that fire each minute, with the status that the controller would give them. */
export async function makePingSources(admin: Admin, count: number, sink: string): Promise<void> {
  await inParallel([...Array(Math.min(count, NAMESPACES)).keys()], WRITERS, (number) =>
    admin.create('/api/v1/namespaces', { metadata: { name: namespaceOf(number) } }),
  );
  await inParallel([...Array(count).keys()], WRITERS, async (number) => {
    const collection = `/apis/sources.knative.dev/v1/namespaces/${namespaceOf(number)}/pingsources`;
    const source = await admin.create(collection, sourceOf(number, sink));
    await admin.replace(`${collection}/${source.metadata.name}/status`, { ...source, status: statusOf(source, sink) });
  });
}

function sourceOf(number: number, sink: string): Body {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'PingSource',
    metadata: { name: `ping-${number}` },
    spec: {
      schedule: '* * * * *',
      contentType: 'application/json',
      data: JSON.stringify({ message: `from source ${number}` }),
      sink: { uri: sink },
    },
  };
}

function statusOf({ metadata }: KubeObject, sink: string): Body {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const source = `/apis/v1/namespaces/${metadata.namespace}/pingsources/${metadata.name}`;
  return {
    observedGeneration: 1,
    sinkUri: sink,
    ceAttributes: [{ type: 'dev.knative.sources.ping', source }],
    conditions: ['Deployed', 'OIDCIdentityCreated', 'Ready', 'SinkProvided'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime,
    })),
  };
}
