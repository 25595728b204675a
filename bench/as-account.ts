import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { claimPort } from '../test/controlplane/ports.ts';
import type { OwnCluster } from '../test/support/own-cluster.ts';
import { commandSubject } from './adapter.ts';
import { type Child, startChild } from './children.ts';
import { asInPod } from './pod.ts';
import { isReady } from './scripted-pod.ts';

/** A command of the program that serves. */
export interface Serving extends Child {
  /** Resolves when it says that it is ready; rejects like `died`. */
  readonly ready: Promise<void>;
  metrics(): Promise<string>;
  /** Sends a signal and resolves when it has ended, however long that takes. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface ServingOptions {
  readonly command: string;
  /** Its ServiceAccount, in the system namespace. */
  readonly account: string;
  readonly environment: Record<string, string>;
  /** Where to write a CPU profile when it ends; undefined: none. */
  readonly profile: string | undefined;
}

export const SYSTEM = 'watchbridge-system';

/** Starts a command as in a Pod of the account that the manifests give it; they are to be installed. */
export async function startAsAccount(
  directory: string,
  cluster: OwnCluster,
  { command, account, environment, profile }: ServingOptions,
): Promise<Serving> {
  const token = await tokenOf(cluster, account);
  const probes = await claimPort();
  const metricsPort = await claimPort();
  const subject = commandSubject(command);
  const pod = asInPod(join(directory, `account-${probes}`), { ...cluster, token });
  const profiling = profile === undefined ? [] : profilingFlags(resolve(profile));
  const child = startChild(command, [...profiling, ...pod.flags, ...subject.args], {
    ...subject.environment,
    ...pod.environment,
    ...environment,
    WATCHBRIDGE_PROBES_PORT: String(probes),
    WATCHBRIDGE_METRICS_PORT: String(metricsPort),
  });
  const ready = Promise.race([child.died, isReady(probes)]);
  ready.catch(() => undefined);
  return {
    ...child,
    ready,
    metrics: async () => await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    end: async (signal) => {
      process.kill(child.pid, signal);
      await child.died.catch(() => undefined);
    },
  };
}

function profilingFlags(file: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${dirname(file)}`, `--cpu-prof-name=${basename(file)}`];
}

/** Kubeconfigs of the control plane are JSON. */
async function tokenOf(cluster: OwnCluster, account: string): Promise<string> {
  const path = await cluster.kubeconfigForServiceAccount(SYSTEM, account);
  const { users } = JSON.parse(readFileSync(path, 'utf8')) as { users: { user: { token: string } }[] };
  return users[0]?.user.token ?? '';
}
