import { eventually } from '../test/support/eventually.ts';
import type { OwnCluster } from '../test/support/own-cluster.ts';
import { type Serving, startAsAccount, SYSTEM } from './as-account.ts';
import { print } from './command.ts';
import { cpuMicroseconds, residentMegabytes } from './measure.ts';

const LEADS_WITHIN_MS = 40_000;

/** The replicas: as in a cluster, one that fires and one that stands by. */
export interface Replicas extends AsyncDisposable {
  readonly all: readonly Serving[];
  start(): Promise<Serving>;
}

export function createReplicas(directory: string, cluster: OwnCluster): Replicas {
  const all: Serving[] = [];
  return {
    all,
    start: async () => {
      const begun = performance.now();
      const replica = await startAsAccount(directory, cluster, {
        command: 'ping-adapter',
        account: 'pingsource-mt-adapter',
        environment: { SYSTEM_NAMESPACE: SYSTEM },
        profile: undefined,
      });
      all.push(replica);
      await replica.ready;
      print(`replica ${all.length} is ready ${((performance.now() - begun) / 1_000).toFixed(1)} s after its start`);
      return replica;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((it) => it[Symbol.asyncDispose]()));
    },
  };
}

export async function leads(replica: Serving): Promise<void> {
  const says = async () => /^watchbridge_ping_leading 1$/m.test(await replica.metrics());
  await eventually('the replica to lead', says, LEADS_WITHIN_MS);
}

/** Ends the replica that leads, and tells when the next one does. */
export async function handOver(from: Serving, to: Serving, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const begun = performance.now();
  const seconds = () => ((performance.now() - begun) / 1_000).toFixed(1);
  const { peak } = residentMegabytes(from.pid);
  const ended = from.end(signal).then(seconds);
  await leads(to);
  const took = seconds();
  const how = signal === 'SIGTERM' ? 'asked to stop' : 'killed';
  print(
    `the replica that fires was ${how} (peak ${peak.toFixed(0)} MB) and ended after ${await ended} s; the next one led after ${took} s`,
  );
}

/** Microseconds that all replicas took; what those took that have ended is what was last seen of them. */
export function cpuMeter(replicas: Replicas): () => number {
  const last = new Map<number, number>();
  return () => {
    for (const { pid } of replicas.all) {
      try {
        last.set(pid, cpuMicroseconds(pid));
      } catch {
        // It has ended.
      }
    }
    return [...last.values()].reduce((sum, it) => sum + it, 0);
  };
}
