import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { KubeError } from '../../src/kube/errors.ts';
import type { Change } from '../../src/watch/change.ts';
import { type Mishap, type ObjectServer, objectServer } from '../kube/object-server.ts';
import { never } from '../kube/scripted-server.ts';
import { anyDeed, createLives, type Deed, headOf, settledIn, type Snapshot, snapshotOf } from './lives.ts';
import { add, begin, list, settle, store } from './source-state.ts';

type Command =
  | { readonly is: 'read'; readonly deeds: readonly Deed[] }
  | { readonly is: 'settle'; readonly changes: number }
  | { readonly is: 'save' }
  | { readonly is: 'renew' };

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.array(anyDeed, { maxLength: 3 }).map((deeds) => ({ is: 'read', deeds }) as const) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }).map((changes) => ({ is: 'settle', changes }) as const) },
  fc.constant({ is: 'save' } as const),
  fc.constant({ is: 'renew' } as const),
);

/** What goes wrong with which write, counted from the first. */
const anyMishaps = fc
  .array(fc.tuple(fc.nat(12), fc.constantFrom<Mishap>(500, 'unanswered')), { maxLength: 4 })
  .map((mishaps) => new Map(mishaps));

/** What was settled at some moment. */
interface Moment {
  readonly settled: Snapshot;
  readonly position: number;
}

/**
 * One life: does the commands, and is cut off in the middle of whatever it does then. Changes are settled while
 * something is written, too.
 * @returns every moment of it, and the position that was surely stored last
 */
async function live(
  server: ObjectServer,
  commands: readonly Command[],
  mishaps: ReadonlyMap<number, Mishap>,
): Promise<{ moments: Moment[]; confirmed: number }> {
  const { checkpoint, clock } = await begin(server.client);
  const memory = checkpoint.memoryOf('s');
  list(memory, [headOf('a', 'u1', 5), headOf('b', 'u2', 6)], 10);
  const lives = createLives(memory.known);
  const queue: { readonly change: Change; readonly settle: () => void }[] = [];
  const moments: Moment[] = [];
  let settled = snapshotOf(memory.known.all());
  const take = (): void => {
    moments.push({ settled, position: Number(memory.ledger.position()?.resourceVersion) });
  };
  const settleSome = (count: number): void => {
    for (const { change, settle: settleOne } of queue.splice(0, count)) {
      settled = settledIn(settled, change);
      settleOne();
      take();
    }
  };
  let writes = 0;
  server.rule((request) => {
    if (request.startsWith('GET')) return undefined;
    settleSome(1);
    return mishaps.get(writes++);
  });
  let isIndexed = false;
  let confirmed = 0;
  const run = async (command: Command): Promise<void> => {
    switch (command.is) {
      case 'read': {
        const changes = command.deeds.flatMap((deed) => lives.happen(deed, memory.known));
        const settleOne = memory.ledger.open({ changes, epoch: 0, resumeAt: String(lives.version()) });
        for (const [index, change] of changes.entries()) queue.push({ change, settle: () => settleOne(index) });
        break;
      }
      case 'settle':
        settleSome(command.changes);
        break;
      case 'save':
        await checkpoint.saveIndex('now', never());
        isIndexed = true;
        break;
      case 'renew': {
        const position = Number(memory.ledger.position()?.resourceVersion);
        await checkpoint.renew({}, never());
        if (isIndexed) confirmed = position;
      }
    }
  };
  take();
  for (const command of commands) {
    await clock.advance(100);
    // A failure is told and tried again later, as the adapter does.
    await run(command).catch((error: unknown) => assert.ok(error instanceof KubeError, String(error)));
    take();
  }
  return { moments, confirmed };
}

test('what a life begins with is what was settled at one moment of the one before, at or after the stored position', async (t) => {
  const server = await objectServer(t);
  await fc.assert(
    fc.asyncProperty(fc.array(anyCommand, { maxLength: 25, size: 'max' }), anyMishaps, async (commands, mishaps) => {
      server.objects.clear();
      const { moments, confirmed } = await live(server, commands, mishaps);
      server.rule(() => undefined);
      const next = await begin(server.client);
      const { position, known } = next.checkpoint.memoryOf('s');
      assert.deepEqual(next.checkpoint.problems, []);
      if (position === undefined) {
        assert.equal(confirmed, 0);
        return;
      }
      const resumed = Number(position.resourceVersion);
      assert.ok(resumed >= confirmed, `resumed at ${resumed}, although ${confirmed} was stored`);
      assert.ok(position.complete);
      const found = snapshotOf(known.all());
      const same = moments.filter((it) => it.position >= resumed && isSame(it.settled, found));
      assert.ok(same.length > 0, `resumed at ${resumed} with ${JSON.stringify(found)}, which was never settled then`);
    }),
    { numRuns: 100 },
  );
});

test('an index that grows over several shards holds every object once, whichever write is the last', async (t) => {
  const server = await objectServer(t);
  const first = await begin(server.client);
  const old = Array.from({ length: 2_900 }, (_, i) => headOf(`old-${i}`, `u${i}`, 5));
  const young = Array.from({ length: 2_700 }, (_, i) => headOf(`new-${i}`, `v${i}`, 20 + i));
  list(first.checkpoint.memoryOf('s'), old, 10);
  await store(first);
  const before = new Map(server.objects);
  const foundAfter: number[] = [];
  for (let writes = 0; writes <= 4; writes++) {
    server.objects.clear();
    for (const [path, object] of before) server.objects.set(path, object);
    server.rule(() => undefined);
    const dying = await begin(server.client);
    const memory = dying.checkpoint.memoryOf('s');
    const changes = young.map((object) => add(memory, object));
    settle(memory.ledger, changes, 10_000);
    let left = writes;
    server.rule((request) => (request.startsWith('GET') || left-- > 0 ? undefined : 500));
    if (writes < 4) await assert.rejects(dying.checkpoint.saveIndex('now', never()), { code: 'serverError' });
    else await dying.checkpoint.saveIndex('now', never());

    server.rule(() => undefined);
    const { checkpoint } = await begin(server.client);
    const { position, known } = checkpoint.memoryOf('s');
    assert.deepEqual([checkpoint.problems, position?.resourceVersion], [[], '10'], `after ${writes} writes`);
    const names = new Set(Array.from(known.all(), ({ name }) => name));
    assert.ok(
      old.every(({ name }) => names.has(name)),
      `after ${writes} writes`,
    );
    foundAfter.push(known.size);
  }
  // Two shards become four, written in the order 3, 2, 1, 0. Nobody looks for the first two until the third is there.
  const [some = 0] = foundAfter.splice(3, 1);
  assert.ok(some > 4_500 && some < 5_300, `${some} objects`);
  assert.deepEqual(foundAfter, [2_900, 2_900, 2_900, 5_600]);
});

function isSame(a: Snapshot, b: Snapshot): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
