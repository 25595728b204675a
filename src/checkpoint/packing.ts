import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ObjectHead } from '../watch/change.ts';

/** A part of the index: some objects of each stream, as they are settled. */
export interface Shard {
  /** Into how many parts the index was cut when this one was written. */
  readonly of: number;
  /** By stream key. */
  readonly objects: ReadonlyMap<string, readonly ObjectHead[]>;
}

export type ReadShard =
  | { readonly is: 'shard'; readonly shard: Shard }
  | { readonly is: 'damaged'; readonly sentence: string };

/**
 * Packs a shard: "WBI1", a CRC-32, and deflated columns. Names are front-coded in order, versions are differences, and
 * uids are 16 raw bytes: about 31 bytes an object with names like those of Pods, of which the uid cannot be less.
 */
export function packShard(shard: Shard): Buffer {
  const out = new Writer();
  out.number(shard.of);
  out.number(shard.objects.size);
  for (const [stream, objects] of shard.objects) {
    const sorted = objects.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
    out.text(stream);
    out.number(sorted.length);
    let last = '';
    for (const object of sorted) {
      const key = keyOf(object);
      const shared = sharedPrefix(last, key);
      out.number(shared);
      out.text(key.slice(shared));
      last = key;
    }
    for (const { resourceVersion } of sorted) writeVersion(out, resourceVersion);
    for (const { uid } of sorted) writeUid(out, uid);
  }
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
    return { is: 'shard', shard: readShard(new Reader(inflateRawSync(packed, { maxOutputLength: MOST_BYTES }))) };
  } catch (error) {
    return damaged(error instanceof Error ? error.message : String(error));
  }
}

const MAGIC = 'WBI1';
/** What a shard may unpack to; a ConfigMap holds 1 MiB, and names do not shrink a hundredfold. */
const MOST_BYTES = 64 * 1024 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const AS_TEXT = 0;
const AS_UUID = 1;
const AS_NUMBER = 1;

function readShard(input: Reader): Shard {
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
  return { of, objects };
}

function writeVersion(out: Writer, version: string): void {
  const number = Number(version);
  const plain = Number.isSafeInteger(number) && number >= 0 && String(number) === version;
  out.number(plain ? number * 2 + AS_NUMBER : AS_TEXT);
  if (!plain) out.text(version);
}

function readVersion(input: Reader): string {
  const number = input.number();
  return number === AS_TEXT ? input.text() : String((number - AS_NUMBER) / 2);
}

function writeUid(out: Writer, uid: string): void {
  const plain = UUID.test(uid);
  out.number(plain ? AS_UUID : AS_TEXT);
  if (plain) out.raw(Buffer.from(uid.replaceAll('-', ''), 'hex'));
  else out.text(uid);
}

function readUid(input: Reader): string {
  if (input.number() === AS_TEXT) return input.text();
  const hex = input.raw(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

class Writer {
  #buffer = Buffer.alloc(64 * 1024);
  #length = 0;

  /** Seven bits a byte, the lowest first, the eighth says that more follow. */
  number(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  text(value: string): void {
    this.number(Buffer.byteLength(value));
    this.raw(Buffer.from(value));
  }

  raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#buffer, this.#length);
    this.#length += bytes.length;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    this.#buffer = Buffer.concat([this.#buffer], Math.max(this.#buffer.length * 2, this.#length + bytes));
  }
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#buffer[this.#at++];
      if (byte === undefined || scale > Number.MAX_SAFE_INTEGER) throw new RangeError('a number runs past the end');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    return this.raw(this.number()).toString();
  }

  raw(length: number): Buffer {
    if (this.#at + length > this.#buffer.length) throw new RangeError('a text runs past the end');
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }
}

function keyOf(object: ObjectHead): string {
  return `${object.namespace}/${object.name}`;
}

function sharedPrefix(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function damaged(why: string): ReadShard {
  return { is: 'damaged', sentence: `A part of the stored index cannot be used: ${why}.` };
}
