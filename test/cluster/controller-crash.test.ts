import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { KubeRequest } from '../../src/kube/request.ts';
import { installWatchbridge, sourcesIn } from '../manifests/apply.ts';
import { clientOf } from '../support/account-client.ts';
import type { KubeObject } from '../support/admin.ts';
import { bindWatcher, deploymentsIn, makePlace, makeSource, reaches, runSources } from '../support/controller-stage.ts';
import type { RunningController } from '../support/running-controller.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';

/** Without a controller manager: what is deleted with its owner stays, and shows what was made. */
let cluster: OwnCluster;
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

before(async () => {
  cluster = await startOwnCluster();
  await installWatchbridge(cluster.admin);
});

after(async () => {
  for (const controller of controllers) await controller.stop();
  await cluster.stop();
});

/** With everything that a source can have made: in its namespace, in another one, and a finalizer. */
const SPEC = {
  rbac: 'Managed',
  resources: [
    { apiVersion: 'v1', kind: 'Pod', resource: 'pods' },
    { apiVersion: 'v1', kind: 'Node', resource: 'nodes' },
  ],
  namespaceSelector: { matchLabels: { team: 'crash' } },
};

/** What of a reconcile the process dies at: before the API server has the write, or after, unanswered. */
type Death = { readonly write: number; readonly is: 'before' | 'after' };

interface Mortal {
  readonly wrap: (kube: KubeClient) => KubeClient;
  /** The writes so far, as `PATCH roles`. */
  readonly writes: string[];
  readonly isDead: () => boolean;
}

/** A client that dies with its process at one of the writes that name `about`; without a death it only counts. */
function mortal(about: string, death?: Death): Mortal {
  const writes: string[] = [];
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new KubeError('unreachable', 'The process is dead.');
  };
  const isWrite = ({ method = 'GET', path }: KubeRequest): boolean =>
    method !== 'GET' && path.includes(about) && !path.endsWith('/events') && !path.includes('/events/');
  const wrap = (kube: KubeClient): KubeClient => ({
    ...kube,
    json: async <T>(request: KubeRequest): Promise<T> => {
      if (dead) die();
      if (!isWrite(request)) return await kube.json<T>(request);
      writes.push(`${request.method} ${request.path.replace(/^.*v1\//, '')}`);
      const isTheOne = writes.length === death?.write;
      if (isTheOne && death.is === 'before') die();
      const answered = await Promise.allSettled([kube.json<T>(request)]);
      // Whatever the answer was.
      if (isTheOne) die();
      if (answered[0].status === 'rejected') throw answered[0].reason;
      return answered[0].value;
    },
  });
  return { wrap, writes, isDead: () => dead };
}

/** All that were started; a test that fails leaves some. */
const controllers: RunningController[] = [];

async function adminController(wrap?: (kube: KubeClient) => KubeClient): Promise<RunningController> {
  const options = { kubeconfig: cluster.adminKubeconfig, ...(wrap !== undefined && { wrap }) };
  const controller = await runSources(cluster, options);
  controllers.push(controller);
  return controller;
}

/** All that was made for the source of a namespace, without what differs from one to the next. */
async function stateOf(namespace: string): Promise<unknown> {
  const lists = await Promise.all(
    [
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      `${RBAC}/roles`,
      `${RBAC}/rolebindings`,
      `${RBAC}/clusterroles`,
      `${RBAC}/clusterrolebindings`,
    ].map((path) => cluster.admin.list(`${path}?labelSelector=eventing.knative.dev/sourceName%3Dweb`)),
  );
  const mine = lists.flatMap(({ items }) => items).filter((it) => JSON.stringify(it).includes(namespace));
  const { status, metadata } = await cluster.admin.get(`${sourcesIn(namespace)}/web`);
  const text = JSON.stringify({ made: mine.map(essence), status, finalizers: metadata['finalizers'] });
  return JSON.parse(
    text
      .replaceAll(/"lastTransitionTime":"[^"]*",?/g, '')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID')
      .replaceAll(/apiserversource-web-\w+/g, (it) => (it.includes('state') ? it : 'apiserversource-web-UID'))
      .replaceAll(namespace, 'NAMESPACE'),
  ) as unknown;
}

function essence({ metadata, status: _status, ...rest }: KubeObject): object {
  const { name, namespace, labels, ownerReferences } = metadata;
  return { ...rest, metadata: { name, namespace, labels, ownerReferences } };
}

/** A source in a namespace of its own, which the controller that is started next will see. */
async function prepare(namespace: string): Promise<void> {
  await makePlace(cluster.admin, namespace, ['pods']);
  await makeSource(cluster.admin, namespace, SPEC);
}

async function deleteSource(namespace: string): Promise<void> {
  await cluster.admin.delete(`${sourcesIn(namespace)}/web`);
}

async function isGone(path: string): Promise<boolean> {
  return (await cluster.admin.request('GET', path)).status === 404;
}

async function grantedTo(namespace: string): Promise<string[]> {
  const roles = await cluster.admin.list(`${RBAC}/clusterroles?labelSelector=watchbridge.dev/granted-for`);
  const elsewhere = await cluster.admin.list(`${RBAC}/namespaces/crash-team/roles`);
  return [...roles.items, ...elsewhere.items]
    .map(({ metadata }) => metadata.name)
    .filter((name) => name === `watchbridge:${namespace}:web`);
}

let reference: unknown;
/** The writes of a life without a crash. */
let making: readonly string[] = [];
let removing: readonly string[] = [];

test('a life without a crash: what is made, and that nothing stays of what no owner takes away', async (t) => {
  const { admin } = cluster;
  await admin.create('/api/v1/namespaces', { metadata: { name: 'crash-team', labels: { team: 'crash' } } });
  await prepare('whole');
  const counted = mortal('whole');
  const controller = await adminController(counted.wrap);
  await reaches(admin, 'whole', 'SufficientPermissions', 'True');
  await eventually('everything', async () => (await deploymentsIn(admin, 'whole')).length === 1);
  await eventually('all writes', async () => {
    const { length } = counted.writes;
    await delay(1_500);
    return counted.writes.length === length;
  });
  reference = await stateOf('whole');
  making = [...counted.writes];
  assert.equal((await grantedTo('whole')).length, 2);
  await deleteSource('whole');
  await eventually('the end of it', () => isGone(`${sourcesIn('whole')}/web`));
  removing = counted.writes.slice(making.length);
  assert.deepEqual(await grantedTo('whole'), []);
  await controller.stop();
  t.diagnostic(`made by ${making.join(', ')}`);
  t.diagnostic(`removed by ${removing.join(', ')}`);
});

test('whichever write of its making the process dies at, the next one comes to the same', async (t) => {
  for (let write = 1; write <= making.length; write++) {
    for (const is of ['before', 'after'] as const) {
      const namespace = `made-${write}-${is}`;
      await prepare(namespace);
      const first = mortal(namespace, { write, is });
      const dying = await adminController(first.wrap);
      // A life can have a write less than the one that was counted, where somebody else's came in between.
      await eventually(`death at write ${write} of ${first.writes.join()}`, async () => {
        return first.isDead() || JSON.stringify(await stateOf(namespace)) === JSON.stringify(reference);
      });
      await dying.stop();
      const controller = await adminController();
      let last: unknown;
      await eventually(
        () => `the same after a death ${is} ${making[write - 1]}: ${JSON.stringify(last)}`,
        async () => {
          last = await stateOf(namespace);
          return JSON.stringify(last) === JSON.stringify(reference);
        },
        15_000,
      ).catch((error: unknown) => {
        assert.deepEqual(last, reference, String(error));
      });
      await deleteSource(namespace);
      await eventually('the source to go', () => isGone(`${sourcesIn(namespace)}/web`));
      await controller.stop();
    }
  }
  t.diagnostic(`${making.length * 2} deaths`);
});

test('whichever write of its end the process dies at, nothing stays of what no owner takes away', async (t) => {
  for (let write = 1; write <= removing.length; write++) {
    for (const is of ['before', 'after'] as const) {
      const namespace = `end-${write}-${is}`;
      await prepare(namespace);
      const maker = await adminController();
      await eventually('all of it', async () => (await grantedTo(namespace)).length === 2);
      await reaches(cluster.admin, namespace, 'SufficientPermissions', 'True');
      await maker.stop();
      const first = mortal(namespace, { write, is });
      // The watch has it before the deletion, so that this is its first write.
      const dying = await adminController(first.wrap);
      await deleteSource(namespace);
      await eventually(`death at write ${write} of ${first.writes.join()}`, async () => {
        return first.isDead() || (await isGone(`${sourcesIn(namespace)}/web`));
      });
      await dying.stop();
      const controller = await adminController();
      await eventually('the source to go', () => isGone(`${sourcesIn(namespace)}/web`));
      assert.deepEqual(await grantedTo(namespace), [], `${is} write ${write}`);
      await controller.stop();
    }
  }
  t.diagnostic(`${removing.length * 2} deaths`);
});

test('a controller that sees the past of its sources spoils nothing, and comes to the truth', async () => {
  const { admin } = cluster;
  const behind = await cluster.startSecondApiServer();
  const past = await clientOf(behind.adminKubeconfig);
  // Its sources come from the API server that is paused; everything else is as it is.
  const controller = await adminController((kube) => ({
    ...kube,
    stream: (request) => (request.path.endsWith('/apiserversources') ? past : kube).stream(request),
  }));
  const namespace = 'past';
  await makePlace(admin, namespace, ['pods']);
  await makeSource(admin, namespace);
  await reaches(admin, namespace, 'SufficientPermissions', 'True');
  const [first] = await eventually('its Deployment', async () => {
    const deployments = await deploymentsIn(admin, namespace);
    return deployments.length === 1 && deployments;
  });

  behind.component.pause();
  await deleteSource(namespace);
  const sink = { ref: { apiVersion: 'v1', kind: 'Service', name: 'invoices' } };
  await makeSource(admin, namespace, { sink });
  // Wakes it, with the old source in mind.
  await admin.delete(`/apis/apps/v1/namespaces/${namespace}/deployments/${first?.metadata.name}`);
  await admin.delete(`${RBAC}/namespaces/${namespace}/rolebindings/watcher`);
  await bindWatcher(admin, namespace);
  await delay(1_000);
  // That the old sink is gone is nothing to say of the new source.
  await admin.delete(`/api/v1/namespaces/${namespace}/services/orders`);
  await delay(2_000);
  const { status, metadata } = await admin.get(`${sourcesIn(namespace)}/web`);
  assert.equal(status, undefined, 'the status of the new source is not made from the old one');

  behind.component.continue();
  await reaches(admin, namespace, 'SinkProvided', 'False');
  await admin.create(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: 'invoices' },
    spec: { ports: [{ port: 80 }] },
  });
  // As the garbage collector would, which does not run here.
  for (const path of [
    `${RBAC}/namespaces/${namespace}/roles/apiserversource-web-state`,
    `${RBAC}/namespaces/${namespace}/rolebindings/apiserversource-web-state`,
  ]) {
    await admin.request('DELETE', path);
  }
  await eventually('the Deployment of the new source', async () => {
    const deployments = await deploymentsIn(admin, namespace);
    return deployments.some((it) => JSON.stringify(it.metadata['ownerReferences']).includes(metadata.uid ?? '?'));
  });
  await controller.stop();
  await past.close();
});
