/** A place to resume a stream at. */
export interface Position {
  readonly resourceVersion: string;
  readonly epoch: number;
  /** Whether all objects that existed there are known. */
  readonly complete: boolean;
}

/**
 * The low watermark of a stream: the newest position at or below which every change is settled. Steps are counted, not
 * single changes: a step is what one read from the socket brought, and its position is all that is ever resumed at.
 */
export interface Watermark {
  /** A step with `changes` changes was read, after which the stream may resume at `position`. */
  open(changes: number, position: Position | undefined): OpenStep;
  position(): Position | undefined;
}

export interface OpenStep {
  /** One change of the step is settled. */
  settle(): void;
}

interface Pending {
  left: number;
  readonly position: Position | undefined;
}

export function createWatermark(start: Position | undefined): Watermark {
  const pending: Pending[] = [];
  let reached = start;

  const advance = (): void => {
    let done = 0;
    for (const step of pending) {
      if (step.left > 0) break;
      reached = step.position ?? reached;
      done++;
    }
    if (done > 0) pending.splice(0, done);
  };

  return {
    open: (changes, position) => {
      const step: Pending = { left: changes, position };
      pending.push(step);
      if (changes === 0) advance();
      return {
        settle: () => {
          step.left--;
          if (step.left === 0) advance();
        },
      };
    },
    position: () => reached,
  };
}
