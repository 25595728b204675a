import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, createAdmin } from '../test/support/admin.ts';
import { inParallel } from '../test/support/in-parallel.ts';
import type { Write } from './delays.ts';
import { monotonicMicroseconds } from './measure.ts';
import { NAMESPACE } from './objects.ts';
import { dueAfter, type Speed } from './steady.ts';

export const OBJECTS = 200;
/** As many bytes as a small Pod has. */
const FILLER_BYTES = 2700;
/** Enough that the API server may take 30 ms for a write at 1,000 a second, and few enough that it is not flooded. */
export const WRITERS = 32;

const COLLECTION = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const path = (number: number) => `${COLLECTION}/object-${number % OBJECTS}`;

/** Makes the namespace and the ConfigMaps, and returns the size of one as the API server tells it. */
export async function createConfigMaps(admin: Admin): Promise<number> {
  await admin.create('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await inParallel([...Array(OBJECTS).keys()], WRITERS, (number) =>
    admin.create(COLLECTION, {
      metadata: { name: `object-${number}` },
      data: { revision: 'none', filler: 'x'.repeat(FILLER_BYTES) },
    }),
  );
  return (await admin.request('GET', path(0))).text.length;
}

/**
 * Patches the ConfigMaps in turn at a constant speed. A write that is due while all writers wait for the API server is
 * made as soon as one is free, so the speed falls below what was asked for when the server is slower.
 */
export async function patchConfigMaps(server: Parameters<typeof createAdmin>[0], speed: Speed): Promise<Write[]> {
  await using admin = createAdmin({ ...server, connections: WRITERS });
  const total = dueAfter(Infinity, speed);
  const started = monotonicMicroseconds();
  const writes: Write[] = [];
  await inParallel([...Array(total).keys()], WRITERS, async (number) => {
    const wait = (number / speed.rate) * 1e6 - (monotonicMicroseconds() - started);
    if (wait > 0) await delay(wait / 1000);
    // What would not be written in the time that was asked for is left out.
    if (monotonicMicroseconds() - started > speed.seconds * 1e6) return;
    const before = monotonicMicroseconds();
    const { metadata } = await admin.patch(path(number), { data: { revision: `${started}-${number}` } });
    writes.push({ version: Number(metadata.resourceVersion), before, after: monotonicMicroseconds() });
  });
  return writes;
}
