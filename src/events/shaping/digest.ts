import { createHmac } from 'node:crypto';

/**
 * What stands in the place of a secret value: a text that changes when the value changes and tells nothing else.
 * @param of names the object, `name` the value in it: equal values in two places have different digests
 */
export type Digest = (of: string, name: string, value: Uint8Array) => string;

/** 128 bits: nobody finds another value with the same digest by chance. */
const HEX_DIGITS = 32;

/**
 * Digests under a key that is derived from `secret` for one source, so that two sources with one secret cannot be
 * compared. Without a secret every value is the same text: a digest that anybody can compute would let whoever
 * receives events try passwords until one fits.
 */
export function createDigest(secret: string | undefined, source: string): Digest {
  if (secret === undefined) return () => 'redacted';
  const key = createHmac('sha256', secret).update(`watchbridge secret values\n${source}`).digest();
  return (of, name, value) => {
    const digest = createHmac('sha256', key)
      .update(`${of}\n${JSON.stringify(name)}\n`)
      .update(value)
      .digest('hex');
    return `redacted:hmac-sha256:${digest.slice(0, HEX_DIGITS)}`;
  };
}
