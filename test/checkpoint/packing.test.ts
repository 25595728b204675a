import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { packShard, type Shard, unpackShard } from '../../src/checkpoint/packing.ts';
import type { ObjectHead } from '../../src/watch/change.ts';

const version = fc.oneof(
  fc.nat().map(String),
  fc.maxSafeNat().map(String),
  fc.constantFrom('', '0', '-0', '007', '1e3', '1.5', 'abc', 'Infinity', 'NaN', '-1'),
  fc.constantFrom('4503599627370495', '4503599627370496', '9007199254740991', '9007199254740993', '9'.repeat(40)),
);
const uid = fc.oneof(fc.uuid(), fc.constantFrom('', 'odd', 'A3BB189E-8BF9-3888-9912-ACE4E6543002', 'é'), fc.string());
/** Names with long common beginnings, and characters of one to four bytes in UTF-8. */
const name = fc.oneof(
  fc.stringMatching(/^[a-z0-9.-]{1,20}$/),
  fc.nat(300).map((it) => `web-6d4cf56db6-${it}`),
  fc.constantFrom('system:node/x', '/', '😀', '😁', '😀😀', '漢字', 'é', 'constructor', '__proto__'),
  fc.string({ unit: 'grapheme' }),
);
const head: fc.Arbitrary<ObjectHead> = fc.record(
  { namespace: fc.constantFrom('', 'shop', 'kube-system'), name, uid, resourceVersion: version },
  { noNullPrototype: true },
);
const anyShard: fc.Arbitrary<Shard> = fc.record({
  of: fc.constantFrom(1, 2, 64),
  cut: fc.nat(),
  objects: fc
    .array(
      fc.tuple(
        fc.oneof(fc.stringMatching(/^[0-9a-f]{12}$/), fc.string()),
        fc.uniqueArray(head, { selector: keyOf, maxLength: 30 }),
      ),
      { maxLength: 3 },
    )
    .map((streams) => new Map(streams)),
});

test('what is packed is what is unpacked, in the order of the names', () => {
  fc.assert(
    fc.property(anyShard, (shard) => {
      const inOrder = Array.from(shard.objects, ([stream, objects]) => [stream, sorted(objects)] as const);
      const expected = { is: 'shard', shard: { ...shard, objects: new Map(inOrder) } };
      assert.deepEqual(unpackShard(packShard(shard)), expected);
    }),
    { numRuns: 500 },
  );
});

test('a shard that does not say of which cut it is, as those of an older program, is of none', () => {
  const content = inflateRawSync(packShard({ of: 2, cut: 3, objects: new Map() }).subarray(8));
  const read = unpackShard(sealed(content.subarray(0, -1)));
  assert.deepEqual(read, { is: 'shard', shard: { of: 2, cut: 0, objects: new Map() } });
});

test('the same objects are packed to the same bytes, in whatever order they come', () => {
  const objects = podLike(50);
  const [first, second] = [objects, objects.toReversed()].map((it) =>
    packShard({ of: 1, cut: 3, objects: new Map([['s', it]]) }),
  );
  assert.deepEqual(first, second);
});

test('a byte that is changed, missing or one too many anywhere is found out', () => {
  const packed = packShard({ of: 2, cut: 3, objects: new Map([['s', podLike(40)]]) });
  for (let at = 0; at < packed.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = Buffer.from(packed);
      changed[at] = (changed[at] ?? 0) ^ flip;
      assert.equal(unpackShard(changed).is, 'damaged', `byte ${at} changed by ${flip}`);
    }
    assert.equal(unpackShard(packed.subarray(0, at)).is, 'damaged', `cut at ${at}`);
  }
  assert.equal(unpackShard(Buffer.concat([packed, Buffer.of(0)])).is, 'damaged');
});

test('bytes that are no shard say in what way', () => {
  const rows: [what: string, bytes: Buffer, sentence: RegExp][] = [
    ['nothing', Buffer.alloc(0), /does not begin as one/],
    ['another format', Buffer.from('{"objects":[]}'), /does not begin as one/],
    ['a newer format', sealed(Buffer.of(), 'WBI2'), /does not begin as one/],
    ['a wrong checksum', Buffer.from('WBI1????rest'), /checksum is wrong/],
    ['what cannot be inflated', sealedRaw(Buffer.from('rest')), /cannot be used: /],
    ['a cut that is missing', sealed(Buffer.of()), /a number runs past the end/],
    ['a text without an end', sealed(Buffer.of(1, 1, 200, 1, 65)), /a text runs past the end/],
    ['a number without an end', sealed(Buffer.alloc(20, 0xff)), /a number is too long/],
    ['more than a ConfigMap can hold', sealed(Buffer.alloc(33 * 1024 * 1024)), /Cannot create a Buffer larger/],
  ];
  for (const [what, bytes, sentence] of rows) {
    const read = unpackShard(bytes);
    assert.ok(read.is === 'damaged', what);
    assert.match(read.sentence, sentence, what);
  }
});

test('whatever stands behind a right checksum is a shard or damaged, and nothing is thrown', () => {
  const content = inflateRawSync(packShard({ of: 2, cut: 3, objects: new Map([['s', podLike(20)]]) }).subarray(8));
  const anyContent = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.nat(content.length - 1), fc.nat(255)).map(([at, byte]) => content.with(at, byte)),
  );
  fc.assert(
    fc.property(anyContent, (bytes) => {
      assert.ok(['shard', 'damaged'].includes(unpackShard(sealed(bytes)).is));
      assert.equal(unpackShard(sealedRaw(bytes)).is, 'damaged');
    }),
    { numRuns: 1_000, examples: [[Buffer.of(1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)]] },
  );
});

test('an object with a name like that of a Pod takes 33 bytes at the most', (t) => {
  for (const count of [200, 2_000]) {
    const bytes = packShard({ of: 1, cut: 3, objects: new Map([['0123456789ab', podLike(count)]]) }).length / count;
    t.diagnostic(`${count} objects: ${bytes.toFixed(1)} bytes each`);
    assert.ok(bytes <= 33, `${bytes} bytes each of ${count}`);
  }
});

/** As ReplicaSets of ten name their Pods: `team-0/app-17-6d4cf56db6-x7k2p`; 20 of them share a namespace. */
function podLike(count: number): ObjectHead[] {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  return Array.from({ length: count }, (_, i) => {
    const set = Math.floor(i / 10);
    const random = digest(`pod ${i}`);
    return {
      namespace: `team-${Math.floor(set / 20)}`,
      name: `app-${set}-${digest(`set ${set}`).slice(0, 10)}-${parseInt(random.slice(-13), 16).toString(36).slice(-5)}`,
      uid: random.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
      resourceVersion: String(100_000_000 + (parseInt(random.slice(-24, -14), 16) % 50_000_000)),
    };
  });
}

/** These bytes as the content of a shard, with the checksum that belongs to them. */
function sealed(content: Uint8Array, magic = 'WBI1'): Buffer {
  return sealedRaw(deflateRawSync(content), magic);
}

function sealedRaw(packed: Uint8Array, magic = 'WBI1'): Buffer {
  const header = Buffer.from(`${magic}0000`);
  header.writeUInt32BE(crc32(packed), 4);
  return Buffer.concat([header, packed]);
}

function keyOf(object: ObjectHead): string {
  return `${object.namespace}/${object.name}`;
}

function sorted(objects: readonly ObjectHead[]): ObjectHead[] {
  return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
