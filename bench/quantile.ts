/**
 * The smallest value that at least the part `q` of all values does not exceed (nearest rank); `q` is in (0, 1].
 * NaN when there are no values.
 */
export function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1] ?? Number.NaN;
}
