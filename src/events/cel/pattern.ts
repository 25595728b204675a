import { RE2JS } from '@bufbuild/re2';

const LONGEST = 256;
const MOST_REPETITIONS = 100;
const COUNTED = /\{(\d+)(?:,(\d*))?\}/g;
/** At worst 75 ns for each character and each place in a pattern that the text could have come to. */
const PLACES_A_STEP = 8;

/** Why a regular expression is none, or would take too long; a clause, or undefined where there is no reason. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > LONGEST) return `expected a regular expression of at most ${LONGEST} characters`;
  if (repetitions(pattern) > MOST_REPETITIONS)
    return `expected a regular expression with at most ${MOST_REPETITIONS} counted repetitions`;
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch {
    return 'expected a regular expression as of RE2';
  }
}

/**
 * Finds patterns anywhere in texts, in time in proportion to the text: the engine is the one of the library, which
 * would compile the pattern for each text. Keeps every pattern that it has seen, so it is for those of one expression.
 * @param spend is told before what a search costs
 */
export function patternSearch(spend: (steps: number) => void): (text: string, pattern: string) => boolean {
  const compiled = new Map<string, { readonly search: RE2JS; readonly places: number }>();
  return (text, pattern) => {
    let known = compiled.get(pattern);
    if (known === undefined) {
      known = { search: RE2JS.compile(pattern), places: pattern.length * repetitions(pattern) };
      compiled.set(pattern, known);
    }
    spend(Math.floor((text.length * known.places) / PLACES_A_STEP));
    return known.search.test(text);
  };
}

function repetitions(pattern: string): number {
  let product = 1;
  for (const [, least = '1', most = ''] of pattern.matchAll(COUNTED))
    product *= Math.max(1, Number(least), Number(most));
  return product;
}
