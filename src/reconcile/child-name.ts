import { createHash } from 'node:crypto';

const LONGEST = 63;
const MD5_DIGITS = 32;

/**
 * The name of an object that belongs to `parent`, of 63 characters at most: the two put together, or, where that is too
 * long, with the MD5 of what is cut in place of it. Upstream's names (knative.dev/pkg/kmeta/names.go), letter by
 * letter, so that its objects are found again.
 */
export function childName(parent: string, suffix: string): string {
  if (parent.length <= LONGEST - suffix.length) return parent + suffix;
  const head = LONGEST - MD5_DIGITS;
  if (suffix.length >= head) {
    const whole = parent.slice(0, head) + md5(parent + suffix) + suffix;
    return whole.slice(0, LONGEST).replace(/[^a-zA-Z0-9]+$/, '');
  }
  return parent.slice(0, head - suffix.length) + md5(parent) + suffix;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
