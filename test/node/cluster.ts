import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Access } from '../controlplane/access.ts';
import type { Component } from '../controlplane/component.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { type Keeper, startKeeper } from '../controlplane/keeper.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import { findPrograms } from '../controlplane/programs/find.ts';
import { type Programs, PROGRAMS, type Tell } from '../controlplane/programs/program.ts';
import { addDerivedImages } from './derived-images.ts';
import { createImageStore, type ImageStore } from './image-store.ts';
import { addBasicImages } from './images.ts';
import { lookAtMachine } from './machine.ts';
import { type NodeSpace, openNodeSpace } from './node-space.ts';
import { describeContainerd, describeDns, describeKubelet, describeKubeProxy, describeRegistry } from './node-parts.ts';
import { obstacles } from './obstacles.ts';
import { addProductImage } from './product-image.ts';
import { describeScheduler } from './scheduler.ts';

export interface ClusterOptions {
  /** Hears what takes time, one line of text at a time. Default: nobody does. */
  readonly tell?: Tell;
}

/** A Kubernetes cluster of one node, where pods run. It ends with our process, however that ends. */
export interface NodeCluster extends AsyncDisposable {
  readonly access: Access;
  /** The path of kubectl. */
  readonly kubectl: string;
  /** Holds the node's data and logs, `<program>.log`; those of the control plane are in its own, `access.directory`. */
  readonly directory: string;
  /** The programs of the node by name, for tests that stop one. */
  readonly node: ReadonlyMap<string, Component>;
  /** What the pods' images are taken from, at the moment they are pulled; every registry in a name leads here. */
  readonly images: ImageStore;
  stop(): Promise<void>;
}

/** This machine cannot run a node. The message has every reason, a sentence each. */
export class NodeRefused extends Error {
  override readonly name = 'NodeRefused';
  readonly code = 'node_refused';

  constructor(reasons: readonly string[]) {
    super(['This machine cannot run a Kubernetes node:', ...reasons.map((reason) => `  - ${reason}`)].join('\n'));
  }
}

/**
 * Starts a control plane and a node (containerd, kubelet, kube-proxy, cluster DNS, an image registry) that has the
 * product's image, and resolves when the node is ready. The bundle in dist/ must have been built. The node is in
 * namespaces of its own, so that of this machine nothing changes but a network interface and two routes, for as long as
 * it runs.
 * Throws a {@link NodeRefused} when the machine cannot do that, a `ProgramsMissing` when the programs cannot be had, and
 * an error with the end of its log when one does not start.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<NodeCluster> {
  const tell = options.tell ?? (() => undefined);
  const reasons = obstacles(await lookAtMachine(process.env));
  if (reasons.length > 0) throw new NodeRefused(reasons);
  const programs = await findPrograms(PROGRAMS, tell);
  const keeper = await startKeeper();
  const directory = mkdtempSync(join(tmpdir(), 'watchbridge-node-'));
  keeper.remove(directory);

  let space: NodeSpace | undefined;
  let controlPlane: ControlPlane | undefined;
  const stop = async (): Promise<void> => {
    await space?.close();
    await controlPlane?.stop();
    await keeper.end();
  };
  try {
    space = await openNodeSpace(directory, keeper);
    const images = await timed(tell, 'the images are made', () => makeImages(directory));
    controlPlane = await startControlPlane({
      tell,
      controllerManager: true,
      serviceAccountAdmission: true,
      moreHosts: [space.addresses.host, space.addresses.kubernetes],
      apiServerFlags: apiServerFlags(space),
    });
    const node = await startNode({ space, controlPlane, programs, keeper, images: images.directory, tell });
    const kubectl = programs('kubectl');
    return { access: controlPlane, kubectl, directory, node, images, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeImages(directory: string): Promise<ImageStore> {
  const store = await createImageStore(join(directory, 'images'));
  const scratch = join(directory, 'scratch');
  mkdirSync(scratch);
  await addBasicImages(store, scratch);
  await addProductImage(store, scratch);
  await addDerivedImages(store, scratch);
  await rm(scratch, { recursive: true });
  return store;
}

/** The API server is outside of the node: it has to be found by what is inside, and to find that. */
function apiServerFlags({ addresses }: NodeSpace): string[] {
  return [
    '--bind-address=0.0.0.0',
    `--advertise-address=${addresses.host}`,
    '--endpoint-reconciler-type=lease',
    `--service-cluster-ip-range=${addresses.services}`,
    // Otherwise it would look up the node's name, for logs.
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

interface Site {
  readonly space: NodeSpace;
  readonly controlPlane: ControlPlane;
  readonly programs: Programs;
  readonly keeper: Keeper;
  readonly images: string;
  readonly tell: Tell;
}

async function startNode({
  space,
  controlPlane,
  programs,
  keeper,
  images,
  tell,
}: Site): Promise<Map<string, Component>> {
  const { caPem, adminToken: token, directory } = controlPlane;
  const server = `https://${space.addresses.host}:${new URL(controlPlane.server).port}`;
  const path = join(space.directory, 'kubeconfig.yaml');
  const kubeconfig = writeKubeconfig(path, { server, caPem, credential: { token } });
  const components = [
    describeRegistry(space, images),
    await describeContainerd(space),
    describeDns(space, server, directory),
    await describeScheduler(controlPlane, programs, keeper),
    await describeKubelet(space, programs, controlPlane, kubeconfig),
    // Last: it waits for the node that the kubelet makes.
    describeKubeProxy(space, programs, kubeconfig),
  ];
  for (const component of components) {
    await timed(tell, `${component.name} is ready`, () => component.start());
  }
  return new Map(components.map((component) => [component.name, component]));
}

async function timed<T>(tell: Tell, what: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  tell(`${what} after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  return result;
}
