const LONGEST = 256;
const MOST_REPETITIONS = 100;
const COUNTED = /\{(\d+)(?:,(\d*))?\}/g;

/** Why a regular expression would take too long; a clause, or undefined where it does not. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > LONGEST) return `expected a regular expression of at most ${LONGEST} characters`;
  if (repetitions(pattern) > MOST_REPETITIONS)
    return `expected a regular expression with at most ${MOST_REPETITIONS} counted repetitions`;
  return undefined;
}

/**
 * Steps to compile a pattern, which the library does for each text that it is held against. Counted repetitions are
 * written out for that: the worst patterns that are allowed take 3 ms, usual ones 10 us.
 */
export function patternSteps(pattern: string): number {
  return pattern.length * repetitions(pattern);
}

function repetitions(pattern: string): number {
  let product = 1;
  for (const [, least = '1', most = ''] of pattern.matchAll(COUNTED))
    product *= Math.max(1, Number(least), Number(most));
  return product;
}
