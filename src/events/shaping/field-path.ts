/** A path through the members of objects: `['metadata', 'labels', 'example.com/team']`. */
export type FieldPath = readonly string[];

/** Deeper than any field of a Kubernetes object that somebody would name. */
const MOST_STEPS = 32;
/** A step up to the next dot; a backslash takes the character behind it as it is. */
const STEP = /(?:[^.\\]|\\.)+/suy;

/**
 * Reads a path whose steps are separated by dots; a dot inside a name is written `\.`, as in kubectl's JSONPath:
 * `metadata.annotations.example\.com/owner`. Undefined where a step is empty or there are too many.
 */
export function parseFieldPath(text: string): FieldPath | undefined {
  const steps: string[] = [];
  STEP.lastIndex = 0;
  for (;;) {
    const step = STEP.exec(text)?.[0];
    if (step === undefined || steps.length === MOST_STEPS) return undefined;
    steps.push(step.replaceAll(/\\(.)/gsu, '$1'));
    const at = STEP.lastIndex;
    if (at === text.length) return steps;
    if (text[at] !== '.') return undefined;
    STEP.lastIndex = at + 1;
  }
}
