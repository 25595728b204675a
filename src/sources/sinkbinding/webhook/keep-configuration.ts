import { createDiscovery, type Discovery } from '../../../kube/discovery.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { Log } from '../../../process/log.ts';
import type { Resource } from '../../../kube/resource.ts';
import { type Applier, createApplier } from '../../../reconcile/apply.ts';
import { type Result, runController } from '../../../reconcile/controller.ts';
import { enqueueFrom } from '../../../reconcile/handlers.ts';
import { startInformer } from '../../../reconcile/informer.ts';
import { generationChanged } from '../../../reconcile/predicates.ts';
import { createWorkQueue } from '../../../reconcile/queue.ts';
import type { SinkBindingsIo } from '../controller.ts';
import { SINK_BINDINGS } from '../resources.ts';
import type { SinkBinding } from '../spec.ts';
import { specProblems } from '../spec-problems.ts';
import { type SubjectReference, subjectOf } from '../subject.ts';
import { type BoundKind, CONFIGURATION, configurationOf, isAskedFor, type WebhookClient } from './configuration.ts';
import { keepCertificates } from './keep-certificates.ts';

/** Where the webhook is, and what it is called by. */
export interface WebhookAddress {
  readonly client: WebhookClient;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
}

const SECRET = 'watchbridge-webhook-certificates';
const TIMEOUT_MS = 10_000;
/** A kind that is not served yet. */
const LOOK_AGAIN_MS = 30_000;
/** Nobody tells us of a configuration or a Secret that somebody else changed. */
const LOOK_EVERY_MS = 60_000;

const CONFIGURATIONS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
  verbs: ['list', 'watch'],
};

/** The webhook that manifests/webhook.yaml installs. @param domain such as cluster.local */
export function installedWebhook(namespace: string, domain: string): WebhookAddress {
  const name = 'watchbridge-webhook';
  const host = `${name}.${namespace}.svc`;
  return {
    client: { service: { namespace, name, port: 443, path: '/sinkbindings' } },
    names: [host, `${host}.${domain}`],
  };
}

/**
 * Keeps the certificates of the webhook, and tells the API server what to ask it about, until `signal` is aborted. The
 * webhook itself is another process, with fewer rights.
 *
 * @param systemNamespace where the Secret of the certificates is
 */
export async function keepWebhook(
  io: Omit<SinkBindingsIo, 'started'>,
  systemNamespace: string,
  address: WebhookAddress,
  signal: AbortSignal,
): Promise<void> {
  const { kube, clock, log, metrics } = io;
  const queue = createWorkQueue(clock);
  const bindings = startInformer<SinkBinding>({ resource: SINK_BINDINGS, carries: 'objects' }, io, signal);
  // There is one configuration for all of them.
  enqueueFrom(bindings, queue, () => [CONFIGURATION], generationChanged);
  queue.add(CONFIGURATION);
  const discovery = createDiscovery(kube);
  const applier = createApplier(kube);

  const reconcile = async (_key: string, ending: AbortSignal): Promise<Result> => {
    const at = { namespace: systemNamespace, name: SECRET };
    const { authorities, afterMs } = await keepCertificates(io, at, address.names, ending);
    const asked = [...bindings.list()].filter(isAskedFor);
    const bound: BoundKind[] = [];
    for (const binding of asked) {
      const subject = subjectOf(binding);
      if (subject === undefined || specProblems(binding.spec, binding.metadata.namespace).length > 0) continue;
      const resource = await findBound(discovery, subject, io.log, ending);
      if (resource !== undefined) bound.push({ binding, resource });
    }
    const path = `/api/v1/namespaces/${encodeURIComponent(systemNamespace)}`;
    const namespace = await kube.json<KubeObject>({ path, signal: ending, timeoutMs: TIMEOUT_MS });
    const owner = { name: systemNamespace, uid: namespace.metadata.uid ?? '' };
    await applyConfiguration(applier, configurationOf(bound, address.client, authorities, owner), ending);
    return { is: 'again', afterMs: Math.min(bound.length < asked.length ? LOOK_AGAIN_MS : LOOK_EVERY_MS, afterMs) };
  };
  const controller = { name: 'webhook', queue, informers: [bindings], workers: 1, reconcile };
  await runController(controller, { clock, log, metrics }, signal);
}

/** Undefined where the kind cannot be found now: one API that is broken must not keep all others from being told. */
async function findBound(
  discovery: Discovery,
  subject: SubjectReference,
  log: Log,
  signal: AbortSignal,
): Promise<Resource | undefined> {
  try {
    const found = await discovery.find(subject, { kind: subject.kind }, signal);
    return found.is === 'found' ? found.resource : undefined;
  } catch (error) {
    if (!(error instanceof KubeError) || error.code === 'aborted') throw error;
    log.warn(
      { kind: subject.kind, group: subject.group, detail: error.message },
      'kind of a subject cannot be looked up',
    );
    return undefined;
  }
}

async function applyConfiguration(applier: Applier, wanted: KubeObject, signal: AbortSignal): Promise<void> {
  const applied = await applier.apply(CONFIGURATIONS, wanted, undefined, signal);
  if (applied.is === 'outdated') throw new KubeError('conflict', `${CONFIGURATION} was changed meanwhile.`);
  if ('sentence' in applied) throw new KubeError('forbidden', applied.sentence);
}
