import { nextCharacter } from './characters.ts';

const ANY_TEXT = '%';
const ANY_CHARACTER = '_';

/** One step of a pattern: exactly this UTF-16 unit, any one character, or any text. */
type Step = string | typeof ONE | typeof MANY;

const ONE = Symbol(ANY_CHARACTER);
const MANY = Symbol(ANY_TEXT);

/**
 * Compiles a pattern of LIKE (section 3.4.3): `%` is any text, `_` any one character, a backslash before either takes
 * its meaning away, and anything else stands for itself.
 *
 * Matching is linear in the text: each of its characters is compared with at most the whole pattern. There is no need
 * to try more than the last `%`, for a shorter match of an earlier one never leaves less to the steps after it.
 */
export function compileLike(pattern: string): (text: string) => boolean {
  const steps = readSteps(pattern);
  return (text) => matches(text, steps);
}

function matches(text: string, steps: readonly Step[]): boolean {
  let at = 0;
  let step = 0;
  /** The step after the last `%`, and where in the text its next try begins. */
  let retryStep = -1;
  let retryAt = 0;
  while (at < text.length) {
    const wanted = steps[step];
    if (wanted === MANY) {
      retryStep = ++step;
      retryAt = at;
      if (step === steps.length) return true;
    } else if (wanted === ONE) {
      at = nextCharacter(text, at);
      step++;
    } else if (wanted === text[at]) {
      at++;
      step++;
    } else {
      if (retryStep < 0) return false;
      retryAt = nextCharacter(text, retryAt);
      at = retryAt;
      step = retryStep;
    }
  }
  while (steps[step] === MANY) step++;
  return step === steps.length;
}

function readSteps(pattern: string): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const unit = pattern[at] ?? '';
    const next = pattern[at + 1];
    if (unit === '\\' && (next === ANY_TEXT || next === ANY_CHARACTER)) {
      steps.push(next);
      at++;
    } else if (unit === ANY_CHARACTER) steps.push(ONE);
    else if (unit !== ANY_TEXT) steps.push(unit);
    else if (steps.at(-1) !== MANY) steps.push(MANY);
  }
  return steps;
}
