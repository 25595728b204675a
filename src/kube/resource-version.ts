/**
 * Orders two resourceVersions of one resource: negative, zero or positive as `a` is older than, equal to or newer
 * than `b`; undefined where they differ and one of them cannot be ordered. A version can be ordered when it is a
 * decimal without leading zeros (KEP-5504); some aggregated API servers use other strings.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!isComparable(a) || !isComparable(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

/** Digits only and no leading zero; written out because it runs for every event. */
function isComparable(version: string): boolean {
  const first = version.charCodeAt(0);
  if (!(first >= 0x31 && first <= 0x39)) return false;
  for (let i = 1; i < version.length; i++) {
    const c = version.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return true;
}
