import type { Registry } from 'prom-client';
import type { RetryPolicy } from '../delivery/judge.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../process/log.ts';
import type { EventClient } from './client.ts';
import type { EnvReader } from './env-reader.ts';

/** What produces events. */
export interface Adapter {
  /**
   * Runs until `signal` is aborted, and then returns soon; what was given to the client until then is still delivered.
   * One that returns before ends the process, with exit code 0; one that throws, with 1.
   */
  start(signal: AbortSignal): Promise<void>;
}

/** What an adapter is made from. */
export interface AdapterContext<Env> {
  /** What the program's `readEnv` returned. */
  readonly env: Env;
  /** Of the source (NAME); `adapter` where nobody told. */
  readonly name: string;
  /** Of the source (NAMESPACE); undefined where nobody told. */
  readonly namespace: string | undefined;
  readonly client: EventClient;
  /** Aborted when the adapter is to end, also while it is being made. */
  readonly signal: AbortSignal;
  /** pino's; JSON lines on stdout, at the level that K_LOGGING_CONFIG asks for. */
  readonly log: Log;
  /** Served at `/metrics`, for metrics of the adapter's own (prom-client). */
  readonly metrics: Registry;
  /** The process is ready as soon as it runs, unless something is said to be missing here. */
  readonly readiness: Readiness;
  /** The API server, for whoever needs it. @throws KubeError where no cluster is found */
  kube(): Promise<KubeClient>;
}

/** What `/readiness` answers. */
export interface Readiness {
  /**
   * @param part a word for people: `upstream`
   * @param problem what it waits for, as a sentence; undefined: it is ready
   */
  set(part: string, problem: string | undefined): void;
}

/** Called once, and with leader election once a turn. */
export type NewAdapter<Env> = (context: AdapterContext<Env>) => Adapter | Promise<Adapter>;

/** Reads what the adapter is told beside what every one is. */
export type ReadEnv<Env> = (env: EnvReader) => Env;

export interface AdapterOptions {
  /**
   * Of several replicas one runs at a time, by a Lease `<component>-<NAME>` in NAMESPACE, which the ServiceAccount must
   * be allowed to get, create, update and patch. The argument `--disable-ha` turns it off. Default: false.
   */
  readonly leaderElection?: boolean;
  /** What differs from the default: again for as long as it takes, first after 0.25 s to 0.5 s, then up to 60 s. */
  readonly retry?: Partial<RetryPolicy>;
}
