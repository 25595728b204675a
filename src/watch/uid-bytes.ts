/** Uids as Kubernetes makes them, in 16 bytes instead of 36 characters: 8-4-4-4-12 digits of a UUID in lower case. */

const DASH = 0x2d;
const TEXT_LENGTH = 36;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
/** By character; 255: it is no digit. */
const VALUES = new Uint8Array(128).fill(0xff);
for (const [value, character] of DIGITS.entries()) VALUES[character] = value;
/** Where in the text the two digits of each byte are. */
const PLACES = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);

const text = Buffer.alloc(TEXT_LENGTH, DASH);

/** @returns whether `uid` is such a one; else what is written makes no sense. */
export function writeUid(bytes: Buffer, at: number, uid: string): boolean {
  if (uid.length !== TEXT_LENGTH) return false;
  for (let i = 8; i <= 23; i += 5) if (uid.charCodeAt(i) !== DASH) return false;
  for (let i = 0; i < PLACES.length; i++) {
    const place = PLACES[i] ?? 0;
    const high = VALUES[uid.charCodeAt(place)] ?? 0xff;
    const low = VALUES[uid.charCodeAt(place + 1)] ?? 0xff;
    if ((high | low) > 0xf) return false;
    bytes[at + i] = (high << 4) | low;
  }
  return true;
}

export function readUid(bytes: Buffer, at: number): string {
  for (let i = 0; i < PLACES.length; i++) {
    const byte = bytes[at + i] ?? 0;
    const place = PLACES[i] ?? 0;
    text[place] = DIGITS[byte >> 4] ?? 0;
    text[place + 1] = DIGITS[byte & 0xf] ?? 0;
  }
  return text.toString('latin1');
}
