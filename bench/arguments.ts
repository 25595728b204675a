/** What options of all benchmarks are read with. They throw an Error that says what is wrong and what may be there. */

export function chosen<T>(
  option: string,
  all: readonly T[],
  name: (item: T) => string,
  wanted: string | undefined,
): T[] {
  const found = all.filter((item) => wanted === undefined || name(item) === wanted);
  if (found.length === 0) throw new Error(`${option} is ${wanted}, but must be one of ${all.map(name).join(', ')}.`);
  return found;
}

export function wholeNumber(option: string, text: string, { least, most }: { least: number; most: number }): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${option} is ${text}, but must be a whole number from ${least} to ${most}.`);
}
