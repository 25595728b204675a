import assert from 'node:assert/strict';
import { type Checkpoint, type CheckpointOptions, openCheckpoint } from '../../src/checkpoint/checkpoint.ts';
import { createIndexStore } from '../../src/checkpoint/index-store.ts';
import type { Ledger } from '../../src/checkpoint/ledger.ts';
import type { StreamMemory } from '../../src/checkpoint/stream-memory.ts';
import { becomeLeader } from '../../src/kube/become-leader.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Leadership } from '../../src/kube/leadership.ts';
import type { Change, ObjectHead } from '../../src/watch/change.ts';
import { never } from '../kube/scripted-server.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';

/** One life of a program that keeps the checkpoint of a source. */
export interface Life {
  readonly checkpoint: Checkpoint;
  readonly leadership: Leadership;
  readonly clock: FakeClock;
  /** How much of the index was written, in bytes, batch by batch. */
  readonly written: readonly number[];
  /** How many positions were not stored, each time that it was told. */
  readonly left: readonly number[];
}

export interface LifeOptions {
  readonly namespace?: string;
  readonly streams?: readonly string[];
  readonly tier?: 'Position' | 'Full';
  readonly ignoredIn?: CheckpointOptions['ignoredIn'];
}

/** Begins a life under the Lease `web` in `shop`; the one before it is over. */
export async function begin(kube: KubeClient, options: LifeOptions = {}): Promise<Life> {
  const { namespace = 'shop', streams = ['s', 't'], tier = 'Full', ignoredIn = () => undefined } = options;
  const clock = fakeClock();
  const address = { namespace, name: 'web' };
  const own = { kube, clock, address, identity: 'one', owner: undefined };
  const leadership = await becomeLeader(own, () => undefined, never());
  assert.ok(leadership !== undefined);
  const index = tier === 'Full' ? createIndexStore(kube, { ...address, owner: undefined }) : undefined;
  const written: number[] = [];
  const wrote = (bytes: number): void => void written.push(bytes);
  const left: number[] = [];
  const leftOut = (positions: number): void => void left.push(positions);
  const kept = { streams: new Set(streams), leadership, index, clock, wrote, leftOut, ignoredIn };
  const checkpoint = await openCheckpoint(kept, never());
  return { checkpoint, leadership, clock, written, left };
}

/** As when a stream has listed: these objects are known and settled at `version`. */
export function list({ known, ledger }: StreamMemory, objects: readonly ObjectHead[], version: number): void {
  for (const object of objects) known.remember(object);
  ledger.listed();
  ledger.open({ changes: [], epoch: 0, resumeAt: String(version) });
}

/** These changes are read and settled, after which the stream may resume at `version`. */
export function settle(ledger: Ledger, changes: readonly Change[], version: number): void {
  const settleOne = ledger.open({ changes, epoch: 0, resumeAt: String(version) });
  for (const index of changes.keys()) settleOne(index);
}

/** An object that comes, as the watch tells it. */
export function add({ known }: StreamMemory, object: ObjectHead): Change {
  known.remember(object);
  return { type: 'add', object, body: undefined, before: undefined, foundBy: 'watch' };
}

/** Writes the index and then the positions, as at the end of a round. */
export async function store({ checkpoint }: Life): Promise<void> {
  await checkpoint.saveIndex('now', never());
  await checkpoint.renew({}, never());
}
