import { resource, startAdapter } from './adapter-process.ts';
import type { Admin } from './admin.ts';
import { eventually } from './eventually.ts';
import { inParallel } from './in-parallel.ts';
import { startOwnCluster } from './own-cluster.ts';
import { recordingSink } from './recording-sink.ts';
import type { Scope } from './scope.ts';
import { configMaps } from './stage.ts';
import { toldBy } from './told.ts';

/** What one source costs an API server that has many namespaces, counted by that server. */
export interface NamespacesCost {
  readonly namespaces: number;
  readonly matching: number;
  /** Open watches of the kinds that are watched, and of namespaces. */
  readonly watches: number;
  readonly namespaceWatches: number;
  /** LIST requests from the start of the adapter until it was ready, of whatever kind. */
  readonly lists: number;
  /** From the start of the process until it was ready. */
  readonly readyMs: number;
  /** From the answer to the write of a label until the first event of an object that is made every 20 ms in there. */
  readonly enterMs: number;
  /** From that until events of such an object no longer came. */
  readonly leaveMs: number;
  /** LIST requests for one namespace that begins to match, over all kinds. */
  readonly listsToEnter: number;
}

const KINDS = ['configmaps', 'secrets', 'services', 'serviceaccounts', 'persistentvolumeclaims'];
const WRITERS = 16;
const WRITE_EVERY_MS = 20;

/** Measures a source with a namespaceSelector, on an API server of its own. */
export async function measureNamespaces(t: Scope, count: number): Promise<NamespacesCost> {
  await using cluster = await startOwnCluster();
  const { admin } = cluster;
  const names = Array.from({ length: count }, (_, number) => `space-${number}`);
  await inParallel(names, WRITERS, (name) => {
    const labels = { team: Number(name.slice('space-'.length)) % 2 === 0 ? 'even' : 'odd' };
    return admin.create('/api/v1/namespaces', { metadata: { name, labels } });
  });
  const sink = await recordingSink(t);
  const before = await countsOf(admin);
  const started = performance.now();
  const adapter = await startAdapter(t, {
    kubeconfig: cluster.adminKubeconfig,
    sink: sink.url,
    source: {
      namespaces: [],
      namespaceSelector: 'team=even',
      resources: KINDS.map((plural) => resource('', 'v1', plural)),
    },
  });
  await adapter.ready();
  const readyMs = performance.now() - started;
  const ready = await countsOf(admin);

  const toldAt = new Map<string, number>();
  const write = async (namespace: string, number: number): Promise<string> => {
    const name = `at-${number}`;
    await admin.create(configMaps(namespace), { metadata: { name } });
    return `${namespace}/${name}`;
  };
  const label = (namespace: string, team: string): Promise<unknown> =>
    admin.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { team } } });
  const isTold = (object: string): boolean => {
    for (const told of toldBy(sink.accepted()))
      if (!toldAt.has(told.object)) toldAt.set(told.object, performance.now());
    return toldAt.has(object);
  };

  await label('space-1', 'even');
  const labelled = performance.now();
  let enterMs = Number.NaN;
  for (let number = 0; Number.isNaN(enterMs); number++) {
    const object = await write('space-1', number);
    await pause();
    if (isTold(object)) enterMs = performance.now() - labelled;
  }
  await eventually('all kinds to have it', async () => adapter.logged(ENTERED).length === KINDS.length);
  const entered = await countsOf(admin);

  await label('space-1', 'odd');
  const unlabelled = performance.now();
  let leaveMs = Number.NaN;
  for (let number = 1_000_000; Number.isNaN(leaveMs); number++) {
    const object = await write('space-1', number);
    const writtenMs = performance.now() - unlabelled;
    await pause();
    // An object in a namespace that still matches comes later, so this one will not come.
    const later = await write('space-0', number);
    await eventually('a later event', () => isTold(later));
    if (!isTold(object)) leaveMs = writtenMs;
  }
  return {
    namespaces: count,
    matching: Math.ceil(count / 2),
    watches: ready.watches - before.watches,
    namespaceWatches: ready.namespaceWatches - before.namespaceWatches,
    lists: ready.lists - before.lists,
    readyMs,
    enterMs,
    leaveMs,
    listsToEnter: entered.lists - ready.lists,
  };
}

const ENTERED = 'namespaces match from now on; their objects are known';

/** What the API server says of itself (its metrics apiserver_longrunning_requests and apiserver_request_total). */
async function countsOf(admin: Admin): Promise<{ watches: number; namespaceWatches: number; lists: number }> {
  const { text } = await admin.request('GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.includes('resource="') && !line.startsWith('#'));
  const sum = (metric: string, verb: string, resources: readonly string[]): number =>
    lines
      .filter((line) => line.startsWith(`${metric}{`) && line.includes(`verb="${verb}"`))
      .filter((line) => resources.some((it) => line.includes(`,resource="${it}"`)))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    watches: sum('apiserver_longrunning_requests', 'WATCH', KINDS),
    namespaceWatches: sum('apiserver_longrunning_requests', 'WATCH', ['namespaces']),
    lists: sum('apiserver_request_total', 'LIST', [...KINDS, 'namespaces']),
  };
}

async function pause(): Promise<void> {
  const until = performance.now() + WRITE_EVERY_MS;
  await eventually('a moment', () => performance.now() >= until);
}
