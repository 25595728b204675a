import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { type AdapterOptions, resource } from '../support/adapter-process.ts';
import type { Body } from '../support/admin.ts';
import { eventually } from '../support/eventually.ts';
import type { OwnCluster } from '../support/own-cluster.ts';
import type { Scope } from '../support/scope.ts';
import { kubeconfigVia, serviceAccount } from '../support/service-account.ts';
import type { Told } from '../support/told.ts';
import { createWriter, type Truth, type Writer } from '../support/writer.ts';
import { type Load, type LoadOptions, startLoad, USUAL_LOAD } from './load.ts';
import { type Replica, startReplica } from './replica.ts';
import { faultySink, type FaultySink } from './sink.ts';

/** What a scenario acts in: a namespace of its own, a sink, somebody who writes, and as many adapters as it starts. */
export interface Scene extends Scope {
  readonly cluster: OwnCluster;
  readonly namespace: string;
  readonly sink: FaultySink;
  /** Of ConfigMaps in the namespace, which is what the adapters watch if nothing else is said. */
  readonly writer: Writer;
  /** What is to be told: what the writer wrote, unless {@link restart} said otherwise. */
  readonly truth: Truth;
  /** The attempts that are to tell it. */
  readonly told: readonly Told[];
  readonly random: () => number;
  /** Whether times are to be short. */
  readonly quick: boolean;
  readonly replicas: readonly Replica[];
  /** What was expected and did not come about. */
  readonly problems: string[];
  /** What is worth to be read beside the numbers. */
  readonly notes: readonly string[];
  expect(came: boolean, sentence: string): void;
  note(text: string): void;
  /** From the attempt number `from` on another truth is to be told, because history was replaced. */
  restart(truth: Truth, from: number): void;
  /** An adapter; all of a scene are of the same source. It starts again when it ends by itself, unless told not to. */
  adapter(options?: ReplicaOptions): Promise<Replica>;
  load(options?: Partial<LoadOptions>): Load;
  /** The path of the kubeconfig, or of one that leads to another URL. */
  kubeconfig(server?: string): string;
  /** Waits; for a sixth of the time, but no less than `least`, when times are short. */
  wait(seconds: number, least?: number): Promise<void>;
  /** Ends everything that the scene started. */
  end(): Promise<void>;
}

export interface ReplicaOptions {
  readonly kubeconfig?: string;
  /** More of K_SOURCE_CONFIG. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly restarts?: boolean;
}

export interface SceneOptions {
  readonly random: () => number;
  readonly quick: boolean;
  readonly tell: (line: string) => void;
  /** Of the objects, for each of their states. */
  readonly content?: (revision: number) => Body;
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

export async function openScene(cluster: OwnCluster, name: string, options: SceneOptions): Promise<Scene> {
  const { quick, random, tell } = options;
  const ends: (() => unknown)[] = [];
  const scope: Scope = { after: (end) => ends.push(end), diagnostic: tell };
  const namespace = `${name}-${randomBytes(3).toString('hex')}`;
  const { admin } = cluster;
  await admin.create('/api/v1/namespaces', { metadata: { name: namespace } });
  const kubeconfig = await serviceAccount(cluster, namespace);
  await grant(cluster, namespace);
  const sink = await faultySink(scope);
  const writer = createWriter(admin, `/api/v1/namespaces/${namespace}/configmaps`, options.content);
  const replicas: Replica[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  let truth = writer.truth;
  let from = 0;
  const source = {
    namespaces: [namespace],
    resources: [resource('', 'v1', 'configmaps')],
    checkpoint: 'Full',
    gapEvents: true,
  };
  return {
    ...scope,
    cluster,
    namespace,
    sink,
    writer,
    get truth() {
      return truth;
    },
    get told() {
      return from === 0 ? sink.told : sink.told.slice(from);
    },
    random,
    quick,
    replicas,
    problems,
    notes,
    expect: (came, sentence) => {
      if (!came) problems.push(sentence);
    },
    note: (text) => notes.push(text),
    restart: (other, attempt) => {
      truth = other;
      from = attempt;
    },
    adapter: async ({ restarts = true, ...more } = {}) => {
      const told: AdapterOptions = {
        kubeconfig,
        sink: sink.url,
        namespace,
        ...more,
        source: { ...source, ...more.source },
      };
      const replica = await startReplica(scope, told, { restarts });
      replicas.push(replica);
      return replica;
    },
    load: (wanted) => {
      const load = startLoad(writer, { ...USUAL_LOAD, ...wanted }, random);
      // A scenario that broke off has not stopped it.
      ends.push(() => load.stop().catch(() => undefined));
      return load;
    },
    kubeconfig: (server) => (server === undefined ? kubeconfig : kubeconfigVia(kubeconfig, server)),
    wait: (seconds, least = 0) => delay(1_000 * (quick ? Math.max(seconds / 6, Math.min(seconds, least)) : seconds)),
    end: async () => {
      for (const end of ends.toReversed()) await end();
      await admin.request('DELETE', `/api/v1/namespaces/${namespace}`).catch(() => undefined);
    },
  };
}

/** What the controller grants: the source's own state, and to watch what the scenarios watch. */
async function grant({ admin }: OwnCluster, namespace: string): Promise<void> {
  const rules = [
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'],
    },
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'] },
    { apiGroups: [''], resources: ['secrets', 'services'], verbs: ['get', 'list', 'watch'] },
  ];
  const metadata = { name: 'watcher' };
  await admin.create(`${RBAC}/namespaces/${namespace}/roles`, { metadata, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' };
  const subjects = [{ kind: 'ServiceAccount', name: 'watcher', namespace }];
  await admin.create(`${RBAC}/namespaces/${namespace}/rolebindings`, { metadata, roleRef, subjects });
  // The API server's authorizer learns of it by a watch.
  await eventually('the rights to count', async () => {
    const review = await admin.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: {
        user: `system:serviceaccount:${namespace}:watcher`,
        resourceAttributes: { namespace, verb: 'update', group: '', resource: 'configmaps' },
      },
    });
    return (review['status'] as { allowed?: boolean }).allowed === true;
  });
}
