import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ObjectHead } from '../watch/change.ts';
import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from './bytes.ts';

/** A part of the index: some objects of each stream, as they are settled. */
export interface Shard {
  /** Into how many parts the index was cut when this one was written. */
  readonly of: number;
  /** Which cut of the index it is of, counted through all lives of a source; 0 where it does not say. */
  readonly cut: number;
  /** By stream key. */
  readonly objects: ReadonlyMap<string, readonly ObjectHead[]>;
}

export type ReadShard =
  | { readonly is: 'shard'; readonly shard: Shard }
  | { readonly is: 'damaged'; readonly sentence: string };

/**
 * Packs a shard: "WBI1", a CRC-32, and deflated columns. Names are front-coded in order, versions are numbers, and uids
 * are 16 raw bytes: about 31 bytes an object with names like those of Pods, of which the uid cannot be less.
 */
export function packShard(shard: Shard): Buffer {
  const out = createByteWriter();
  out.number(shard.of);
  out.number(shard.objects.size);
  for (const [stream, objects] of shard.objects) {
    const keyed = objects.map((object) => ({ key: keyOf(object), object }));
    const sorted = keyed.sort((a, b) => compare(a.key, b.key));
    out.text(stream);
    out.number(sorted.length);
    let last = '';
    for (const { key } of sorted) {
      const shared = sharedPrefix(last, key);
      out.number(shared);
      out.text(key.slice(shared));
      last = key;
    }
    for (const { object } of sorted) writeVersion(out, object.resourceVersion);
    for (const { object } of sorted) writeUid(out, object.uid);
  }
  // At the end, where programs that do not know of it read no more.
  out.number(shard.cut);
  const packed = deflateRawSync(out.bytes());
  const header = Buffer.alloc(8);
  header.write(MAGIC, 'latin1');
  header.writeUInt32BE(crc32(packed), 4);
  return Buffer.concat([header, packed]);
}

export function unpackShard(bytes: Buffer): ReadShard {
  if (bytes.length < 8 || bytes.toString('latin1', 0, 4) !== MAGIC) return damaged('it does not begin as one');
  const packed = bytes.subarray(8);
  if (bytes.readUInt32BE(4) !== crc32(packed)) return damaged('its checksum is wrong');
  try {
    return { is: 'shard', shard: readShard(createByteReader(inflateRawSync(packed, { maxOutputLength: MOST_BYTES }))) };
  } catch (error) {
    return damaged(error instanceof Error ? error.message : String(error));
  }
}

const MAGIC = 'WBI1';
/** What a shard may unpack to: 1 MiB, a full ConfigMap, holds 65,536 uids, and no name is longer than 317 bytes. */
const MOST_BYTES = 32 * 1024 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const AS_TEXT = 0;
const AS_UUID = 1;
const AS_NUMBER = 1;

function readShard(input: ByteReader): Shard {
  const of = input.number();
  const objects = new Map<string, ObjectHead[]>();
  for (let streams = input.number(); streams > 0; streams--) {
    const stream = input.text();
    const count = input.number();
    const keys: string[] = [];
    for (let i = 0; i < count; i++) {
      const shared = input.number();
      keys.push((keys.at(-1) ?? '').slice(0, shared) + input.text());
    }
    const versions = keys.map(() => readVersion(input));
    objects.set(
      stream,
      keys.map((key, i) => {
        const slash = key.indexOf('/');
        const resourceVersion = versions[i] ?? '';
        return { namespace: key.slice(0, slash), name: key.slice(slash + 1), uid: readUid(input), resourceVersion };
      }),
    );
  }
  return { of, cut: input.left() > 0 ? input.number() : 0, objects };
}

function writeVersion(out: ByteWriter, version: string): void {
  const number = Number(version);
  const packed = number * 2 + AS_NUMBER;
  const plain = number >= 0 && Number.isSafeInteger(packed) && String(number) === version;
  out.number(plain ? packed : AS_TEXT);
  if (!plain) out.text(version);
}

function readVersion(input: ByteReader): string {
  const number = input.number();
  return number === AS_TEXT ? input.text() : String((number - AS_NUMBER) / 2);
}

function writeUid(out: ByteWriter, uid: string): void {
  const plain = UUID.test(uid);
  out.number(plain ? AS_UUID : AS_TEXT);
  if (plain) out.raw(Buffer.from(uid.replaceAll('-', ''), 'hex'));
  else out.text(uid);
}

function readUid(input: ByteReader): string {
  if (input.number() === AS_TEXT) return input.text();
  const hex = input.raw(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function keyOf(object: ObjectHead): string {
  return `${object.namespace}/${object.name}`;
}

/** In UTF-16 code units, and never half a character: the rest is written in UTF-8. */
function sharedPrefix(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i > 0 && isHighSurrogate(a.charCodeAt(i - 1)) ? i - 1 : i;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function damaged(why: string): ReadShard {
  return { is: 'damaged', sentence: `A part of the stored index cannot be used: ${why}.` };
}
