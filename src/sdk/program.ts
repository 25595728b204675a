import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** The world that a program runs in. */
export interface ProgramIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly openLog: (component: string, level: Level) => Log;
  /** @throws KubeError where no cluster is found */
  readonly openKube: (userAgent: string) => Promise<KubeClient>;
  /** For sentences about what is wrong before there is a log. */
  readonly complain: (sentence: string) => void;
  /** What tells this process from every other one that may hold its Lease. */
  readonly identity: string;
}
