import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Access, accessTo } from './access.ts';
import { type ApiServer, createApiServer } from './api-server.ts';
import type { Component } from './component.ts';
import { createControllerManager } from './controller-manager.ts';
import { loadOrCreateCredentials } from './credentials.ts';
import { createEtcd } from './etcd.ts';
import { type Keeper, startKeeper } from './keeper.ts';
import { findPrograms } from './programs/find.ts';
import type { Program, Programs, Tell } from './programs/program.ts';
import type { Site } from './site.ts';
import { putBack, type Snapshot, takeSnapshot } from './snapshot.ts';

export interface ControlPlaneOptions {
  /** Hears what takes time (a download, a build, each start), one line of text at a time. Default: nobody does. */
  readonly tell?: Tell;
  /** Whether to start a kube-controller-manager too. Default: no. */
  readonly controllerManager?: boolean;
  /**
   * Whether Pods need an existing ServiceAccount, as in a real cluster. The account `default` of a new namespace is made
   * by the controller manager, a moment later. Default: no.
   */
  readonly serviceAccountAdmission?: boolean;
  /** More flags for the API server, for example `--event-ttl=10s`; a flag that is given twice has its last value. */
  readonly apiServerFlags?: readonly string[];
  /** More names and addresses that the API server's certificate is good for. Default: none. */
  readonly moreHosts?: readonly string[];
  /**
   * Where to keep the data; what is there already is served again. It stays when the control plane stops.
   * Default: a new directory under the system's temporary one, removed at the end.
   */
  readonly directory?: string;
}

/** A Kubernetes control plane of real programs on 127.0.0.1. It ends with our process, however that ends. */
export interface ControlPlane extends Access, AsyncDisposable {
  readonly etcd: Component;
  readonly apiServer: Component;
  readonly controllerManager: Component | undefined;
  /** Starts one more API server on the same etcd, with the same identities. */
  startSecondApiServer(flags?: readonly string[]): Promise<ApiServer>;
  /** Keeps what etcd holds at this moment. */
  snapshot(): Snapshot;
  /** Kills etcd and the first API server, puts the snapshot back, and starts both: versions begin again where it was. */
  restore(snapshot: Snapshot): Promise<void>;
  /** Ends everything that runs and removes the directory when it is ours. */
  stop(): Promise<void>;
}

/**
 * Starts etcd, kube-apiserver and, when asked, kube-controller-manager, and resolves when they serve: in a few seconds,
 * but for the first time on a machine, which may have to download or build the programs.
 * Throws a `ProgramsMissing` when these cannot be had, and an error with the end of the log when one does not start.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const tell = options.tell ?? (() => undefined);
  const wanted: readonly Program[] = options.controllerManager === true ? WITH_CONTROLLER_MANAGER : ALONE;
  const programs = await findPrograms(wanted, tell);
  const keeper = await startKeeper();
  const controlPlane = await describe(options, programs, keeper);
  try {
    for (const component of [controlPlane.etcd, controlPlane.apiServer, controlPlane.controllerManager]) {
      if (component !== undefined) await startTelling(component, tell);
    }
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
  return controlPlane;
}

const ALONE = ['etcd', 'kube-apiserver'] as const;
const WITH_CONTROLLER_MANAGER = [...ALONE, 'kube-controller-manager'] as const;

/** Makes the directory, the credentials and the components; none of them runs yet. */
async function describe(options: ControlPlaneOptions, programs: Programs, keeper: Keeper): Promise<ControlPlane> {
  const directory = createDirectory(options.directory);
  if (options.directory === undefined) keeper.remove(directory);
  const site: Site = {
    directory,
    credentials: loadOrCreateCredentials(directory, options.moreHosts),
    programs,
    keeper,
  };

  const etcd = await createEtcd(site);
  const describeApiServer = (name: string, flags: readonly string[]): Promise<ApiServer> =>
    createApiServer(site, {
      name,
      etcdUrl: etcd.url,
      serviceAccountAdmission: options.serviceAccountAdmission ?? false,
      flags: [...(options.apiServerFlags ?? []), ...flags],
    });
  const apiServer = await describeApiServer('kube-apiserver', []);
  const controllerManager =
    options.controllerManager === true ? await createControllerManager(site, apiServer) : undefined;

  let apiServers = 1;
  const clients = [apiServer.component, ...(controllerManager === undefined ? [] : [controllerManager])];
  const stop = async (): Promise<void> => {
    // Their state is in etcd, so they need no grace. It goes last: an API server without etcd does not end.
    await Promise.all(clients.map((component) => component.kill()));
    await etcd.component.stop();
    await keeper.end();
  };
  return {
    ...accessTo({
      server: apiServer.server,
      directory,
      ...site.credentials,
      adminKubeconfig: apiServer.adminKubeconfig,
      etcdUrl: etcd.url,
    }),
    etcd: etcd.component,
    apiServer: apiServer.component,
    controllerManager,
    startSecondApiServer: async (flags = []) => {
      apiServers += 1;
      const another = await describeApiServer(`kube-apiserver-${apiServers}`, flags);
      clients.push(another.component);
      await another.component.start();
      return another;
    },
    snapshot: () => takeSnapshot(etcd.component, directory),
    restore: async (snapshot) => {
      await apiServer.component.kill();
      await etcd.component.kill();
      putBack(snapshot, directory);
      await etcd.component.start();
      await apiServer.component.start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function createDirectory(wanted: string | undefined): string {
  if (wanted === undefined) return mkdtempSync(join(tmpdir(), 'watchbridge-'));
  mkdirSync(wanted, { recursive: true });
  return resolve(wanted);
}

async function startTelling(component: Component, tell: Tell): Promise<void> {
  const begun = performance.now();
  await component.start();
  tell(`${component.name} is ready after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}
