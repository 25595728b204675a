import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createLedger, type Ledger } from '../../src/checkpoint/ledger.ts';
import type { Shard } from '../../src/checkpoint/packing.ts';
import {
  allShards,
  cut,
  dirtyShards,
  isShardCount,
  join,
  MOST_SHARDS,
  shardOf,
  shardsFor,
} from '../../src/checkpoint/sharding.ts';
import type { Change, ObjectHead } from '../../src/watch/change.ts';
import { createKnownObjects } from '../../src/watch/known-objects.ts';
import { fakeClock } from '../support/fake-clock.ts';

const COUNTS = [1, 2, 4, 8, 16, 32, 64];

function ledgerOf(objects: readonly ObjectHead[]): Ledger {
  const known = createKnownObjects();
  for (const object of objects) known.remember(object);
  return createLedger({ known, start: undefined, clock: fakeClock() });
}

function head(name: string, resourceVersion: string, namespace = 'n'): ObjectHead {
  return { namespace, name, uid: `u-${name}`, resourceVersion };
}

test('an index is cut so that a shard has about 2,000 objects, and never into fewer than before', () => {
  const rows: [objects: number, before: number, shards: number][] = [
    [0, 1, 1],
    [2_000, 1, 1],
    [2_001, 1, 2],
    [4_000, 2, 2],
    [4_001, 1, 4],
    [4_001, 2, 4],
    [0, 8, 8],
    [128_000, 1, 64],
    [10_000_000, 1, 64],
    [10_000_000, 64, 64],
  ];
  for (const [objects, before, shards] of rows) assert.equal(shardsFor(objects, before), shards, `${objects} objects`);
});

test('an index is cut into 1, 2, 4 or up to 64 shards, and nothing between', () => {
  for (let count = -1; count <= 200; count++) assert.equal(isShardCount(count), COUNTS.includes(count), `${count}`);
  for (const count of [0.5, 1.5, Number.NaN, 2 ** 53]) assert.equal(isShardCount(count), false, `${count}`);
});

test('when the number of shards doubles, an object stays in its shard or moves to the one that splits off', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (stream, key) => {
      for (const count of COUNTS) {
        const [shard, finer] = [shardOf(stream, key, count), shardOf(stream, key, count * 2)];
        assert.ok(shard >= 0 && shard < count);
        assert.ok(finer === shard || finer === shard + count);
      }
    }),
  );
});

test('names of one kind are spread evenly', () => {
  const counts = Array.from({ length: MOST_SHARDS }, () => 0);
  for (let i = 0; i < 64_000; i++) {
    const shard = shardOf('0123456789ab', `shop/web-6d4cf56db6-${i}`, MOST_SHARDS);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) > 700 && Math.max(...counts) < 1_300, counts.join());
});

test('the shards of what is dirty are written, and all of them where everything is', () => {
  const quiet = ledgerOf([head('a', '1')]);
  const busy = ledgerOf([]);
  const change: Change = { type: 'add', object: head('b', '2'), body: undefined, before: undefined, foundBy: 'watch' };
  busy.open({ changes: [change], epoch: 0, resumeAt: '2' })(0);
  const ledgers = new Map([
    ['quiet', quiet],
    ['busy', busy],
  ]);
  assert.deepEqual(dirtyShards(new Map([['quiet', quiet]]), 8), new Set());
  assert.deepEqual(dirtyShards(ledgers, 8), new Set([shardOf('busy', 'n/b', 8)]));
  quiet.soil();
  assert.deepEqual(dirtyShards(ledgers, 8), new Set([0, 1, 2, 3, 4, 5, 6, 7]));
});

test('only the wanted shards are cut, with the objects of all streams', () => {
  const objects = Array.from({ length: 50 }, (_, i) => head(`o${i}`, String(i)));
  const ledgers = new Map(['s', 't'].map((stream) => [stream, ledgerOf(objects)]));
  const cuts = cut(ledgers, { of: 4, number: 7 }, new Set([1, 3]));
  assert.deepEqual([...cuts.keys()], [1, 3]);
  for (const [number, shard] of cuts) {
    assert.deepEqual([shard.of, shard.cut], [4, 7]);
    for (const stream of ['s', 't']) {
      const expected = objects.filter(({ name }) => shardOf(stream, `n/${name}`, 4) === number);
      assert.deepEqual(shard.objects.get(stream), expected);
    }
  }
});

/** A save of the whole index: how many of its writes were not made, and whether the process ended then. */
interface Save {
  /** How often the number of shards doubles with it. */
  readonly doublings: number;
  readonly missing: number;
  readonly crashes: boolean;
  /** Objects that do not exist any more. */
  readonly gone: readonly number[];
}

const anySave: fc.Arbitrary<Save> = fc.record({
  doublings: fc.constantFrom(0, 0, 1, 1, 2),
  missing: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5, 9),
  crashes: fc.boolean(),
  gone: fc.array(fc.nat(29), { maxLength: 4 }),
});

/** What a program that starts finds: shard after shard, as many as the ones before it say. */
function found(stored: ReadonlyMap<number, Shard>): { shards: Map<number, Shard>; of: number } {
  const shards = new Map<number, Shard>();
  let of = 1;
  for (let i = 0; i < of; i++) {
    const shard = stored.get(i);
    assert.ok(shard !== undefined, `shard ${i} of ${of} is missing`);
    shards.set(i, shard);
    of = Math.max(of, shard.of);
  }
  return { shards, of };
}

test('wherever saves end, what is stored tells each object once, as the newest shard that it stands in', () => {
  fc.assert(
    fc.property(fc.array(anySave, { minLength: 4, maxLength: 8 }), (saves) => {
      const stored = new Map<number, Shard>();
      const writtenAt = new Map<number, number>();
      const names = Array.from({ length: 30 }, (_, i) => `o${i}`);
      /** Which objects there were at each save. */
      const existed: Set<string>[] = [];
      let of = 1;
      let completed = 0;
      // The first save ends: before it there is nothing to be read.
      [{ doublings: 0, missing: 0, crashes: false, gone: [] }, ...saves].forEach((save, moment) => {
        const living = new Set(existed.at(-1) ?? names);
        for (const i of save.gone) living.delete(`o${i}`);
        existed.push(living);
        const objects = Array.from(living, (name) => head(name, String(moment)));
        const wanted = Math.min(of * 2 ** save.doublings, 16);
        const cuts = cut(new Map([['s', ledgerOf(objects)]]), { of: wanted, number: moment }, allShards(wanted));
        const ordered = [...cuts].toSorted(([a], [b]) => b - a);
        for (const [number, shard] of ordered.slice(0, Math.max(0, wanted - save.missing))) {
          stored.set(number, shard);
          writtenAt.set(number, moment);
        }
        if (save.missing === 0) completed = moment;

        const read = found(stored);
        const told = join(read.shards).get('s') ?? [];
        const expected = names.flatMap((name) => {
          const places = [...read.shards].filter(([number, shard]) => shardOf('s', `n/${name}`, shard.of) === number);
          const newest = Math.max(...places.map(([number]) => writtenAt.get(number) ?? -1));
          assert.ok(newest >= completed, `${name} is of save ${newest}, and save ${completed} has ended`);
          return existed[newest]?.has(name) === true ? [`${name} ${newest}`] : [];
        });
        assert.deepEqual(told.map(({ name, resourceVersion }) => `${name} ${resourceVersion}`).sort(), expected.sort());
        of = save.crashes ? read.of : wanted;
      });
    }),
    { numRuns: 300 },
  );
});

test('the finest cut that has its shard says what is true of an object', () => {
  const key = (of: number, shard: number): string => {
    for (let i = 0; ; i++) if (shardOf('s', `n/o${i}`, of) === shard) return `o${i}`;
  };
  const name = key(8, 6);
  assert.deepEqual([shardOf('s', `n/${name}`, 2), shardOf('s', `n/${name}`, 4)], [0, 2]);
  const shard = (of: number, version: string): Shard => ({
    of,
    cut: Number(version),
    objects: new Map([['s', [head(name, version)]]]),
  });
  const stages: [number, Shard][] = [
    [0, shard(2, '1')],
    [2, shard(4, '2')],
    [6, shard(8, '3')],
  ];
  // Two crashes, each in the middle of a growth, leave all three.
  for (let count = 1; count <= stages.length; count++) {
    const joined = join(new Map(stages.slice(0, count))).get('s') ?? [];
    assert.deepEqual(
      joined.map((object) => object.resourceVersion),
      [String(count)],
    );
  }
  const gone = new Map([...stages.slice(0, 2), [6, { of: 8, cut: 4, objects: new Map() }]] as [number, Shard][]);
  assert.deepEqual(join(gone).get('s'), []);
});
