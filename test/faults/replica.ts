import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type AdapterOptions, type AdapterProcess, type Ending, startAdapter } from '../support/adapter-process.ts';
import { eventually } from '../support/eventually.ts';
import type { Scope } from '../support/scope.ts';

/** One Pod of the adapter's Deployment: when its process ends by itself it is started again, as the kubelet would. */
export interface Replica {
  /** The process of now, or the last one. */
  readonly adapter: AdapterProcess;
  /** How the processes ended that ended by themselves. */
  readonly endings: readonly Ending[];
  /** The largest resident set of any of its processes, in MiB. */
  readonly largestMiB: number;
  start(): Promise<void>;
  /** Resolves when this replica is the one that delivers, and watches. */
  delivering(): Promise<void>;
  /** SIGKILL, and no new start. */
  kill(): Promise<void>;
  /** SIGTERM, and no new start; resolves to how it ended and after how long. */
  stop(): Promise<{ readonly ending: Ending; readonly afterMs: number }>;
}

const RESTART_AFTER_MS = 1_000;
const SAMPLE_EVERY_MS = 500;
const LONGEST_TAKE_OVER_MS = 60_000;

export async function startReplica(
  scope: Scope,
  options: AdapterOptions,
  { restarts }: { readonly restarts: boolean },
): Promise<Replica> {
  const endings: Ending[] = [];
  let adapter: AdapterProcess;
  let wanted = false;
  let running = false;
  let largestMiB = 0;

  const sample = (): void => {
    largestMiB = Math.max(largestMiB, peakMiB(adapter.pid));
  };
  const start = async (): Promise<void> => {
    wanted = true;
    const started = await startAdapter(scope, options);
    adapter = started;
    running = true;
    void started.ended.then(async (ending) => {
      if (adapter === started) running = false;
      if (!wanted || adapter !== started) return;
      endings.push(ending);
      scope.diagnostic(`adapter ended by itself (${ending}): ${JSON.stringify(started.log.at(-1))}`);
      if (!restarts) return;
      await delay(RESTART_AFTER_MS);
      // An adapter that cannot start any more is missed by what its scenario waits for.
      if (wanted) await start().catch((error: unknown) => scope.diagnostic(String(error)));
    });
  };
  await start();
  const sampling = setInterval(sample, SAMPLE_EVERY_MS);
  scope.after(() => {
    wanted = false;
    clearInterval(sampling);
  });
  return {
    get adapter() {
      return adapter;
    },
    endings,
    get largestMiB() {
      return largestMiB;
    },
    start,
    delivering: async () => {
      await eventually(
        () => `the adapter to deliver and be ready; its log ends with ${JSON.stringify(adapter.log.slice(-5))}`,
        async () => {
          if (!running || adapter.logged('delivering').length === 0) return false;
          return await adapter.readiness().then(
            ({ status }) => status === 200,
            () => false,
          );
        },
        LONGEST_TAKE_OVER_MS,
      );
    },
    kill: async () => {
      wanted = false;
      sample();
      await adapter.kill();
    },
    stop: async () => {
      wanted = false;
      sample();
      const asked = performance.now();
      const ending = await adapter.stop();
      return { ending, afterMs: performance.now() - asked };
    },
  };
}

/** The most memory that a process had resident so far (proc(5), VmHWM); 0 when it is gone. */
function peakMiB(pid: number): number {
  try {
    const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) / 1_024;
  } catch {
    return 0;
  }
}

/** What a process has resident now, in MiB. */
export function residentMiB(pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
}

/** How many files and sockets a process has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
