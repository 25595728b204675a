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

/** Of one length, so that it can be written over where it is stored. */
const revisionOf = (text: string) => text.padEnd(32);
export const FIRST_REVISION = revisionOf('none');

/** Makes the namespace and the ConfigMaps, and returns the size of one as the API server tells it. */
export async function createConfigMaps(admin: Admin): Promise<number> {
  await admin.create('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await inParallel([...Array(OBJECTS).keys()], WRITERS, (number) =>
    admin.create(COLLECTION, {
      metadata: { name: `object-${number}` },
      data: { revision: FIRST_REVISION, filler: 'x'.repeat(FILLER_BYTES) },
    }),
  );
  return (await admin.request('GET', path(0))).text.length;
}

/** Writes a revision into the ConfigMap whose turn it is, and returns the resourceVersion that it has then. */
export interface Writer extends AsyncDisposable {
  write(number: number, revision: string): Promise<number>;
}

/** Patches through the API server. */
export function patching(server: Parameters<typeof createAdmin>[0]): Writer {
  const admin = createAdmin({ ...server, connections: WRITERS });
  return {
    write: async (number, revision) => {
      const { metadata } = await admin.patch(path(number), { data: { revision } });
      return Number(metadata.resourceVersion);
    },
    [Symbol.asyncDispose]: () => admin.close(),
  };
}

/**
 * Writes the ConfigMaps in turn at a constant speed. A write that is due while all writers wait for their answers is
 * made as soon as one is free, so the speed falls below what was asked for when the server is slower.
 */
export async function writeSteadily(speed: Speed, { write }: Writer): Promise<Write[]> {
  const total = dueAfter(Infinity, speed);
  const started = monotonicMicroseconds();
  const writes: Write[] = [];
  await inParallel([...Array(total).keys()], WRITERS, async (number) => {
    const wait = (number / speed.rate) * 1e6 - (monotonicMicroseconds() - started);
    if (wait > 0) await delay(wait / 1000);
    // What would not be written in the time that was asked for is left out.
    if (monotonicMicroseconds() - started > speed.seconds * 1e6) return;
    const before = monotonicMicroseconds();
    const version = await write(number, revisionOf(`${started}-${number}`));
    writes.push({ version, before, after: monotonicMicroseconds() });
  });
  return writes;
}
