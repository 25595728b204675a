import type { ObjectHead, ObjectVersion } from './change.ts';
import { decimal } from './decimal.ts';
import { readUid, writeUid } from './uid-bytes.ts';

/**
 * Heads of objects in memory outside of V8's heap. A record stays where it is until it is freed; its room then goes to
 * another one of the same size.
 */
export interface ObjectRecords {
  /** The address of a new record, not 0. Its version and mark are not yet written. */
  add(hash: number, namespace: string, name: string): number;
  free(address: number): void;
  hashOf(address: number): number;
  isNamed(address: number, namespace: string, name: string): boolean;
  read(address: number): ObjectVersion;
  write(address: number, version: ObjectVersion): void;
  isAt(address: number, version: ObjectVersion): boolean;
  mark(address: number, mark: number): void;
  /** All records, or those with another mark. One that is freed meanwhile is left out. */
  heads(unlessMarked?: number): Generator<ObjectHead>;
}

/**
 * A record begins at a multiple of 8 bytes: hash and mark (4 bytes each), the version as a number (8), the uid (16),
 * the lengths of namespace and name (4 each), flags (4), both names.
 */
const UNIT = 8;
const WORDS_A_UNIT = 2;
/** In words of 4 bytes. */
const [HASH, MARK, NAMESPACE_LENGTH, NAME_LENGTH, FLAGS] = [0, 1, 8, 9, 10] as const;
/** In numbers of 8 bytes. */
const VERSION = 1;
/** In bytes. */
const [UID, NAMES] = [16, 44] as const;
/** Flags. The names are in UTF-16, or else in latin1; uid or version is no usual one and stands beside the records. */
const [LIVE, WIDE, ODD_UID, ODD_VERSION] = [1, 2, 4, 8] as const;

/** An address is the number of the page and, in these bits, the unit in it where the record begins. */
const UNIT_BITS = 15;
/** 4 KB, then twice as much each time up to 256 KB. */
const FIRST_PAGE_UNITS = 512;
const MOST_PAGE_UNITS = 1 << UNIT_BITS;

interface Page {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
  /** Units that are given away. */
  used: number;
}

export function createObjectRecords(): ObjectRecords {
  let last = newPage(FIRST_PAGE_UNITS);
  // No record has the address 0.
  last.used = 1;
  const pages: Page[] = [last];
  /** Addresses of freed records, by their size in units. */
  const freed = new Map<number, number[]>();
  const oddUids = new Map<number, string>();
  const oddVersions = new Map<number, string>();

  const pageOf = (address: number): Page => pages[address >>> UNIT_BITS] ?? last;

  const room = (units: number): number => {
    const again = freed.get(units)?.pop();
    if (again !== undefined) return again;
    if (last.used + units > last.bytes.length / UNIT) {
      const usual = Math.min((last.bytes.length / UNIT) * 2, MOST_PAGE_UNITS);
      last = newPage(Math.max(usual, units));
      pages.push(last);
    }
    const address = ((pages.length - 1) << UNIT_BITS) | last.used;
    last.used += units;
    return address >>> 0;
  };

  const read = (page: Page, unit: number, address: number): ObjectVersion => {
    const flags = page.words[unit * WORDS_A_UNIT + FLAGS] ?? 0;
    return {
      uid: (flags & ODD_UID) === 0 ? readUid(page.bytes, unit * UNIT + UID) : (oddUids.get(address) ?? ''),
      resourceVersion:
        (flags & ODD_VERSION) === 0 ? decimal(page.numbers[unit + VERSION] ?? 0) : (oddVersions.get(address) ?? ''),
    };
  };

  const forgetOdd = (address: number, flags: number): void => {
    if ((flags & ODD_UID) !== 0) oddUids.delete(address);
    if ((flags & ODD_VERSION) !== 0) oddVersions.delete(address);
  };

  return {
    add: (hash, namespace, name) => {
      const wide = isWide(namespace) || isWide(name);
      const characters = namespace.length + name.length;
      const address = room(unitsOf(characters, wide));
      const { words, bytes } = pageOf(address);
      const unit = unitIn(address);
      words[unit * WORDS_A_UNIT + HASH] = hash;
      words[unit * WORDS_A_UNIT + NAMESPACE_LENGTH] = namespace.length;
      words[unit * WORDS_A_UNIT + NAME_LENGTH] = name.length;
      words[unit * WORDS_A_UNIT + FLAGS] = wide ? LIVE | WIDE : LIVE;
      const encoding = wide ? 'utf16le' : 'latin1';
      const at = unit * UNIT + NAMES;
      bytes.write(name, at + bytes.write(namespace, at, encoding), encoding);
      return address;
    },
    free: (address) => {
      const { words } = pageOf(address);
      const word = unitIn(address) * WORDS_A_UNIT;
      const flags = words[word + FLAGS] ?? 0;
      forgetOdd(address, flags);
      words[word + FLAGS] = flags & WIDE;
      const units = unitsOf(charactersAt(words, word), (flags & WIDE) !== 0);
      const same = freed.get(units);
      if (same === undefined) freed.set(units, [address]);
      else same.push(address);
    },
    hashOf: (address) => pageOf(address).words[unitIn(address) * WORDS_A_UNIT + HASH] ?? 0,
    isNamed: (address, namespace, name) => {
      const { words, bytes } = pageOf(address);
      const unit = unitIn(address);
      const word = unit * WORDS_A_UNIT;
      if (words[word + NAMESPACE_LENGTH] !== namespace.length || words[word + NAME_LENGTH] !== name.length)
        return false;
      const wide = ((words[word + FLAGS] ?? 0) & WIDE) !== 0;
      const at = unit * UNIT + NAMES;
      if (wide) {
        return bytes.toString('utf16le', at, at + 2 * (namespace.length + name.length)) === namespace + name;
      }
      return holds(bytes, at, namespace) && holds(bytes, at + namespace.length, name);
    },
    read: (address) => read(pageOf(address), unitIn(address), address),
    write: (address, { uid, resourceVersion }) => {
      const { words, bytes, numbers } = pageOf(address);
      const unit = unitIn(address);
      const before = words[unit * WORDS_A_UNIT + FLAGS] ?? 0;
      forgetOdd(address, before);
      let flags = before & (LIVE | WIDE);
      if (!writeUid(bytes, unit * UNIT + UID, uid)) {
        flags |= ODD_UID;
        oddUids.set(address, uid);
      }
      const number = numberOf(resourceVersion);
      if (number < 0) {
        flags |= ODD_VERSION;
        oddVersions.set(address, resourceVersion);
      } else numbers[unit + VERSION] = number;
      words[unit * WORDS_A_UNIT + FLAGS] = flags;
    },
    isAt: (address, { uid, resourceVersion }) => {
      const known = read(pageOf(address), unitIn(address), address);
      return known.uid === uid && known.resourceVersion === resourceVersion;
    },
    mark: (address, mark) => {
      pageOf(address).words[unitIn(address) * WORDS_A_UNIT + MARK] = mark;
    },
    heads: function* (unlessMarked) {
      for (const [number, page] of pages.entries()) {
        const { words, bytes } = page;
        for (let unit = number === 0 ? 1 : 0; unit < page.used;) {
          const flags = words[unit * WORDS_A_UNIT + FLAGS] ?? 0;
          const wide = (flags & WIDE) !== 0;
          if ((flags & LIVE) !== 0 && words[unit * WORDS_A_UNIT + MARK] !== unlessMarked) {
            const width = wide ? 2 : 1;
            const middle = (words[unit * WORDS_A_UNIT + NAMESPACE_LENGTH] ?? 0) * width;
            const names = bytes.subarray(unit * UNIT + NAMES);
            const end = charactersAt(words, unit * WORDS_A_UNIT) * width;
            const encoding = wide ? 'utf16le' : 'latin1';
            yield {
              namespace: names.toString(encoding, 0, middle),
              name: names.toString(encoding, middle, end),
              ...read(page, unit, ((number << UNIT_BITS) | unit) >>> 0),
            };
          }
          unit += unitsOf(charactersAt(words, unit * WORDS_A_UNIT), wide);
        }
      }
    },
  };
}

function newPage(units: number): Page {
  // Memory of its own, and not zeroed: what is not used yet is not resident.
  const bytes = Buffer.allocUnsafeSlow(units * UNIT);
  const words = new Uint32Array(bytes.buffer);
  return { bytes, words, numbers: new Float64Array(bytes.buffer), used: 0 };
}

function unitIn(address: number): number {
  return address & (MOST_PAGE_UNITS - 1);
}

function unitsOf(characters: number, wide: boolean): number {
  return Math.ceil((NAMES + characters * (wide ? 2 : 1)) / UNIT);
}

function charactersAt(words: Uint32Array, word: number): number {
  return (words[word + NAMESPACE_LENGTH] ?? 0) + (words[word + NAME_LENGTH] ?? 0);
}

function isWide(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return true;
  return false;
}

function holds(bytes: Buffer, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Of a decimal without leading zeros that is read and written without loss; else -1. */
function numberOf(version: string): number {
  const { length } = version;
  if (length === 0 || length > 15 || (length > 1 && version.charCodeAt(0) === 0x30)) return -1;
  let number = 0;
  for (let i = 0; i < length; i++) {
    const digit = version.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}
