/** What the download and the build give, and what the cache is keyed by. `binaries/go.mod` names the same versions. */
export const KUBERNETES_VERSION = '1.36.2';
export const ETCD_VERSION = '3.6.8';

/** Older ones cannot report a watch's progress, which WatchList and reads from the API server's cache need. */
export const OLDEST_ETCD = '3.5.13';

/** Compares dotted versions by number: negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
