import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DemoFailed } from './failures.ts';
import type { Process, StartProcess } from './processes.ts';

/** `watchbridge adapter`, as a process. */
export interface Adapter {
  readonly process: Process;
  /** Resolves when it watches everything it was told to; rejects when `signal` is aborted, or with a `DemoFailed` after 30 s. */
  ready(signal: AbortSignal): Promise<void>;
}

/** What the controller writes for an ApiServerSource with these resources. */
const SOURCE_CONFIG = {
  namespaces: ['shop'],
  resources: [
    { gvr: { Group: '', Version: 'v1', Resource: 'configmaps' } },
    { gvr: { Group: 'apps', Version: 'v1', Resource: 'deployments' } },
  ],
  mode: 'Resource',
};
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const READY_POLL_MS = 25;
const READY_LIMIT_MS = 30_000;

/** @param io.warn hears, in words, what goes wrong in it without ending it */
export function startAdapter(
  start: StartProcess,
  settings: { readonly kubeconfig: string; readonly sink: string },
  io: { readonly warn: (line: string) => void },
): Adapter {
  const started = Promise.withResolvers<number>();
  const process = start({
    args: [MAIN, 'adapter'],
    env: {
      NAME: 'demo',
      NAMESPACE: 'shop',
      K_SOURCE_CONFIG: JSON.stringify(SOURCE_CONFIG),
      K_SINK: settings.sink,
      KUBECONFIG: settings.kubeconfig,
      WATCHBRIDGE_PROBES_PORT: '0',
      WATCHBRIDGE_METRICS_PORT: '0',
    },
    onLine: (line) => {
      const entry = parse(line);
      if (typeof entry['probesPort'] === 'number') started.resolve(entry['probesPort']);
      if (entry['level'] === 'warn' || entry['level'] === 'error') io.warn(inWords(entry));
    },
  });
  return {
    process,
    ready: async (signal) => {
      const probe = `http://127.0.0.1:${await started.promise}/readiness`;
      const limit = performance.now() + READY_LIMIT_MS;
      for (;;) {
        const { ready, standing } = await ask(probe);
        if (ready) return;
        if (performance.now() > limit) throw new DemoFailed(`The adapter is not ready. It says:\n\n${standing}`);
        await delay(READY_POLL_MS, undefined, { signal });
      }
    },
  };
}

/** An adapter that does not answer is ending, of which its process tells more. */
async function ask(probe: string): Promise<{ readonly ready: boolean; readonly standing: string }> {
  try {
    const answer = await fetch(probe);
    return { ready: answer.status === 200, standing: await answer.text() };
  } catch (error) {
    return { ready: false, standing: String(error) };
  }
}

function inWords({ stream, msg, detail }: Readonly<Record<string, unknown>>): string {
  return ['adapter', stream, msg, detail].filter((part) => typeof part === 'string').join(': ');
}

/** The fields of a line of the log; none where it is not JSON, as the complaints about a wrong configuration are not. */
function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
