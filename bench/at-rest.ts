import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../test/support/eventually.ts';
import type { Checkpoint } from './adapter.ts';
import { residentMegabytes, sampleMemory } from './measure.ts';
import { quantile } from './quantile.ts';
import { startScriptedPod } from './scripted-pod.ts';

/** Resident memory in MB. */
export interface Rest {
  /** The median of the last third of the wait. */
  readonly settled: number;
  /** Since the start of the process. */
  readonly peak: number;
}

/** How long it may take until the first index is written (ms). */
const STORED_WITHIN = 120_000;

/**
 * The memory of an adapter that knows `objects` Pods and has nothing to do, so long after it was ready and, with a
 * checkpoint, had stored it for the first time.
 */
export async function measureAtRest(
  directory: string,
  options: { readonly objects: number; readonly checkpoint: Checkpoint; readonly restSeconds: number },
): Promise<Rest> {
  const { objects, checkpoint, restSeconds } = options;
  await using pod = await startScriptedPod(directory, {
    checkpoint,
    feeder: { objectBytes: 3300, objects: Math.max(1, objects), existing: objects > 0 },
    sink: { events: 1, bodyBytes: 0, delay: 0, patience: 60_000 },
  });
  const { adapter } = pod;
  if (checkpoint !== 'None') {
    const what = checkpoint === 'Full' ? 'index' : 'lease';
    const isStored = async () => (await pod.metric(`watchbridge_checkpoint_writes_total{what="${what}"}`)) > 0;
    await Promise.race([adapter.died, eventually('the first checkpoint', isStored, STORED_WITHIN)]);
  }
  const memory = sampleMemory(adapter.pid);
  await Promise.race([adapter.died, delay(restSeconds * 1000)]);
  const samples = memory.stop();
  return {
    settled: quantile(samples.slice(-Math.ceil(samples.length / 3)), 0.5),
    peak: residentMegabytes(adapter.pid).peak,
  };
}
