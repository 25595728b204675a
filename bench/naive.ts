import { KubeConfig, Watch } from '@kubernetes/client-node';
import { CloudEvent, HTTP } from 'cloudevents';

/**
 * What a competent engineer writes in an afternoon to send a namespace's Pod changes as CloudEvents: the official
 * Kubernetes client, the CloudEvents SDK, the built-in fetch. It is here to be compared with, so it gets a fair chance:
 * up to 32 requests in flight, and the same attributes as the adapter.
 *
 * What it does not do: keep the order of one object's changes; retry, so that what a sink refuses is gone; remember
 * where it was across a restart; find out what it missed when a watch cannot be resumed; stop reading when the sink is
 * slow (Watch cannot be paused, so the backlog is in memory); keep numbers as the API server wrote them.
 */
const IN_FLIGHT = 32;

interface Pod {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

const TYPES = new Map([
  ['ADDED', 'dev.knative.apiserver.resource.add'],
  ['MODIFIED', 'dev.knative.apiserver.resource.update'],
  ['DELETED', 'dev.knative.apiserver.resource.delete'],
]);

const sink = process.env['K_SINK'] ?? '';
const namespace = process.env['NAMESPACE'] ?? 'default';
const config = new KubeConfig();
config.loadFromDefault();
const server = config.getCurrentCluster()?.server ?? '';

const waiting = new Set<CloudEvent<Pod>>();
let inFlight = 0;

function toEvent(type: string, pod: Pod): CloudEvent<Pod> {
  const { name, namespace: podNamespace, uid, resourceVersion } = pod.metadata;
  return new CloudEvent<Pod>({
    type,
    source: server,
    subject: `/apis/v1/namespaces/${podNamespace}/pods/${name}`,
    datacontenttype: 'application/json',
    apiversion: pod.apiVersion,
    kind: pod.kind,
    name,
    namespace: podNamespace,
    uid,
    resourceversion: resourceVersion,
    data: pod,
  });
}

async function send(event: CloudEvent<Pod>): Promise<void> {
  const { headers, body } = HTTP.binary(event);
  const response = await fetch(sink, {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: String(body),
  });
  await response.arrayBuffer();
  if (!response.ok) process.stderr.write(`The sink answered ${response.status}; event ${event.id} is lost.\n`);
}

async function sendWaiting(): Promise<void> {
  inFlight += 1;
  for (const event of waiting) {
    waiting.delete(event);
    await send(event).catch((error: unknown) => process.stderr.write(`Event lost: ${String(error)}\n`));
  }
  inFlight -= 1;
}

/** Watches from a resourceVersion until the watch ends, and returns the last one it saw. */
async function watchFrom(resourceVersion: string): Promise<string> {
  let last = resourceVersion;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onChange = (type: string, pod: Pod) => {
    last = pod.metadata.resourceVersion;
    const eventType = TYPES.get(type);
    if (eventType === undefined) return;
    waiting.add(toEvent(eventType, pod));
    if (inFlight < IN_FLIGHT) void sendWaiting();
  };
  const query = { resourceVersion, allowWatchBookmarks: true };
  await new Watch(config).watch(`/api/v1/namespaces/${namespace}/pods`, query, onChange, () => resolve());
  await promise;
  return last;
}

const list = await fetch(`${server}/api/v1/namespaces/${namespace}/pods?limit=1`);
const { metadata } = (await list.json()) as { metadata: { resourceVersion: string } };
for (let version = metadata.resourceVersion; ;) version = await watchFrom(version);
