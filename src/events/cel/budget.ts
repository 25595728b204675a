/** What an evaluation may cost. A step is one node of the expression in a loop; long texts and lists take steps, too. */
export interface Budget {
  /** A new evaluation begins. */
  begin(): void;
  /** @throws when it is too much */
  spend(steps: number): void;
  isExhausted(): boolean;
}

/** 15 to 80 ms of a processor. Longer would hold up every stream of the adapter for one object. */
const MOST_STEPS = 100_000;

export function createBudget(): Budget {
  let left = MOST_STEPS;
  return {
    begin: () => {
      left = MOST_STEPS;
    },
    spend: (steps) => {
      left -= steps;
      if (left < 0) throw new Error('the evaluation costs too much');
    },
    isExhausted: () => left < 0,
  };
}
