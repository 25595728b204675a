import type { Resource } from '../kube/resource.ts';
import { runApiServerSources, type SourcesIo } from '../sources/apiserver/controller.ts';
import { SOURCES } from '../sources/apiserver/resources.ts';
import { containerSources } from '../sources/container/controller.ts';
import { CONTAINER_SOURCES } from '../sources/container/resources.ts';
import { pingSources } from '../sources/ping/controller.ts';
import { PING_SOURCES } from '../sources/ping/resources.ts';
import { sinkBindings } from '../sources/sinkbinding/controller.ts';
import { SINK_BINDINGS } from '../sources/sinkbinding/resources.ts';
import { installedWebhook, keepWebhook } from '../sources/sinkbinding/webhook/keep-configuration.ts';

/** A kind of source that the controller takes care of, if its CRD is installed. */
export interface ControlledKind {
  readonly resource: Pick<Resource, 'group' | 'version' | 'plural'>;
  /** Does what the objects of this kind want, until `signal` is aborted. */
  readonly run: (io: SourcesIo, signal: AbortSignal) => Promise<void>;
}

export const KINDS: readonly ControlledKind[] = [
  { resource: SOURCES, run: runApiServerSources },
  { resource: PING_SOURCES, run: pingSources },
  { resource: CONTAINER_SOURCES, run: containerSources },
  { resource: SINK_BINDINGS, run: bindingsAndWebhook },
];

/** What is there is bound here, and what is to come by the webhook, whose configuration follows the bindings. */
async function bindingsAndWebhook(io: SourcesIo, signal: AbortSignal): Promise<void> {
  const { systemNamespace } = io.installation;
  const webhook = installedWebhook(systemNamespace, io.clusterDomain);
  await Promise.all([sinkBindings(io, signal), keepWebhook(io, systemNamespace, webhook, signal)]);
}
