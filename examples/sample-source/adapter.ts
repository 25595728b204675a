import { setTimeout as delay } from 'node:timers/promises';
import type { Adapter, AdapterContext, EnvReader } from '../../src/sdk.ts';

/** What the adapter is told beside its sink. */
export interface Env {
  /** As the source has it: `10s`. */
  readonly interval: string;
  readonly intervalMs: number;
}

export function readEnv(env: EnvReader): Env {
  return { interval: env.text('INTERVAL', '10s'), intervalMs: env.durationMs('INTERVAL', '10s') };
}

/** Sends an event each interval, the first one after the first. */
export function newAdapter({ env, client, log }: Pick<AdapterContext<Env>, 'env' | 'client' | 'log'>): Adapter {
  let nextId = 0;
  return {
    start: async (signal) => {
      log.info({ interval: env.interval }, 'Starting heartbeat');
      while (await passed(env.intervalMs, signal)) {
        const event = {
          type: 'dev.knative.sample',
          source: 'http://sample.knative.dev/heartbeat-source',
          data: { sequence: nextId++, heartbeat: env.interval },
        };
        log.info({ event }, 'Sending new event');
        const result = await client.send(event);
        if (result.is === 'refused') log.warn({ event, reason: result.reason }, 'failed to send event');
      }
      log.info('Shutting down...');
    },
  };
}

/** Whether so much time passed before `signal` was aborted. */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
