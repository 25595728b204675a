import type { PartsDigest } from './parts.ts';

/**
 * The digest of each object, found by its uid: 16 bytes an entry in one block that is a quarter to three quarters full.
 * Of a uid itself only 64 bits are kept. Two uids that share them take each other's place, and since a digest is of its
 * object alone, what is found then is never the digest that one looks for.
 */
export interface DigestTable {
  readonly size: number;
  /** Of the block, in bytes. */
  readonly bytes: number;
  get(uid: string): PartsDigest | undefined;
  set(uid: string, digest: PartsDigest): void;
  delete(uid: string): void;
}

/** Words of an entry: two of the uid, two of the digest. The second of an entry that is in use is odd. */
const WORDS = 4;

export function createDigestTable(): DigestTable {
  let entries = 64;
  let words = new Uint32Array(entries * WORDS);
  let size = 0;

  /** Where the entry of a key is, or where it would be put. */
  const placeOf = (high: number, low: number): number => {
    for (let entry = high & (entries - 1); ; entry = (entry + 1) & (entries - 1)) {
      const at = entry * WORDS;
      if (words[at + 1] === 0 || (words[at] === high && words[at + 1] === low)) return at;
    }
  };

  const grow = (): void => {
    const old = words;
    entries *= 2;
    words = new Uint32Array(entries * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + 1] === 0) continue;
      words.set(old.subarray(at, at + WORDS), placeOf(old[at] ?? 0, old[at + 1] ?? 0));
    }
  };

  return {
    get size() {
      return size;
    },
    get bytes() {
      return words.byteLength;
    },
    get: (uid) => {
      const at = placeOf(...fingerprint(uid));
      return words[at + 1] === 0 ? undefined : [words[at + 2] ?? 0, words[at + 3] ?? 0];
    },
    set: (uid, [first, second]) => {
      const [high, low] = fingerprint(uid);
      if (size * 4 >= entries * 3) grow();
      const at = placeOf(high, low);
      if (words[at + 1] === 0) size++;
      words.set([high, low, first, second], at);
    },
    delete: (uid) => {
      let hole = placeOf(...fingerprint(uid));
      if (words[hole + 1] === 0) return;
      size--;
      // Whoever stands behind the hole because its own place was taken moves up, so that no search ends too soon.
      for (let entry = next(hole); words[entry * WORDS + 1] !== 0; entry = next(entry * WORDS)) {
        const at = entry * WORDS;
        const home = (words[at] ?? 0) & (entries - 1);
        const isBetween = ((entry - home) & (entries - 1)) < ((entry - hole / WORDS) & (entries - 1));
        if (isBetween) continue;
        words.copyWithin(hole, at, at + WORDS);
        hole = at;
      }
      words.fill(0, hole, hole + WORDS);
    },
  };

  function next(at: number): number {
    return (at / WORDS + 1) & (entries - 1);
  }
}

/** 64 bits of a text, mixed as in MurmurHash's finaliser; the lower half is odd. */
function fingerprint(text: string): [number, number] {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    high = Math.imul(high ^ c, 0x01000193);
    low = Math.imul(low ^ c, 0x5bd1e995) ^ (low >>> 15);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b);
  high = Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return [(high ^ (high >>> 16)) >>> 0, (low | 1) >>> 0];
}
