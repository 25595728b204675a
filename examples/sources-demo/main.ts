// Prints what the sources of controllers hear of Pods and of a custom resource, and what comes out of the queue:
//   node examples/sources-demo/main.ts
// It uses the cluster of KUBECONFIG or ~/.kube/config, changes nothing there, and runs until Ctrl-C.
import {
  connect,
  createCache,
  createQueue,
  handlerFuncs,
  kind,
  type KindName,
  type KubeObject,
  openLog,
  type WorkQueue,
} from '../../src/sdk.ts';
import { logLine } from './log.ts';

const PODS: KindName = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const MYSQL_USERS: KindName = {
  group: 'mysql.nakamasato.com',
  version: 'v1alpha1',
  kind: 'MySQLUser',
  plural: 'mysqlusers',
  namespaced: true,
};

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

log('source start');
const kube = await connect();
const cache = createCache({ kube, log: openLog('cache', 'warn') });
log('cache is created');
cache.start(stop.signal);
log('cache is started');

// A key is the text of an item, so that items that are the same are one.
const queue = createQueue();
const handler = handlerFuncs<KubeObject>({
  create: ({ object }) => {
    log('CreateFunc is called', { object: object.metadata.name });
    add('Create', object);
  },
  update: ({ object, old }) => {
    log('UpdateFunc is called', { objectNew: object.metadata.name, objectOld: old.metadata.name });
    add('Update', object);
  },
  delete: ({ object }) => {
    log('DeleteFunc is called', { object: object.metadata.name });
    add('Delete', object);
  },
});

const pods = kind(cache, PODS);
await pods.start(stop.signal, handler, queue);
// Its kind may be installed later, so nobody waits for it.
await kind(cache, MYSQL_USERS).start(stop.signal, handler, queue);
await pods.waitForSync(stop.signal);
log('kindWithCache is ready');

await consume(queue);
await kube.close();

function add(event: string, { metadata }: KubeObject): void {
  queue.add(JSON.stringify({ Event: event, Name: metadata.name }));
}

async function consume(from: WorkQueue): Promise<void> {
  for (let item = await from.take(stop.signal); item !== undefined; item = await from.take(stop.signal)) {
    log('got item', { item: JSON.parse(item) });
    from.done(item);
  }
}

function log(message: string, fields?: Readonly<Record<string, unknown>>): void {
  process.stdout.write(logLine('source-examples', message, fields, new Date()));
}
