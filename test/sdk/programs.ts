import type { TestContext } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { type Clock, systemClock } from '../../src/process/clock.ts';
import type { ExitCode } from '../../src/process/exit.ts';
import type { AdapterOptions, NewAdapter, ReadEnv } from '../../src/sdk/adapter.ts';
import { runAdapterProgram } from '../../src/sdk/run-adapter.ts';
import { recordedLog, type RecordedLog } from '../adapter/recorded-log.ts';
import { eventually } from '../support/eventually.ts';

/** An adapter that runs in this process, over real sockets. */
export interface RunningAdapter extends RecordedLog {
  /** Asks it to stop, as SIGTERM does. */
  stop(): void;
  readonly ended: Promise<ExitCode>;
  /** What it complained of before it had a log. */
  readonly complaints: readonly string[];
  /** Status and body of a path of the probes, or of the metrics. */
  ask(path: string): Promise<[status: number, body: string]>;
}

export interface Started<Env> {
  readonly env: Readonly<Record<string, string>>;
  readonly readEnv: ReadEnv<Env>;
  readonly newAdapter: NewAdapter<Env>;
  readonly options?: AdapterOptions;
  readonly kube?: KubeClient;
  readonly identity?: string;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Starts an adapter on free ports; it is asked to stop at the end of the test. */
export function startAdapter<Env>(t: TestContext, started: Started<Env>): RunningAdapter {
  const { readEnv, newAdapter, options = {}, identity = 'one', clock = systemClock } = started;
  const recorded = recordedLog();
  const complaints: string[] = [];
  const stop = new AbortController();
  const io = {
    env: { WATCHBRIDGE_PROBES_PORT: '0', WATCHBRIDGE_METRICS_PORT: '0', ...started.env },
    clock,
    openLog: () => recorded.log,
    openKube: () => (started.kube ? Promise.resolve(started.kube) : Promise.reject(new Error('No cluster.'))),
    complain: (sentence: string) => void complaints.push(sentence),
    identity,
  };
  const ended = runAdapterProgram({ component: 'test-source', readEnv, newAdapter, options }, io, stop.signal);
  t.after(async () => {
    stop.abort();
    await ended;
  });
  return {
    ...recorded,
    stop: () => stop.abort(),
    ended,
    complaints,
    ask: async (path) => {
      const entry = await eventually('the ports', () => recorded.entries.find(({ msg }) => msg === 'adapter started'));
      const port = path === '/metrics' ? entry['metricsPort'] : entry['probesPort'];
      const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
      return [response.status, await response.text()];
    },
  };
}
