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
  /**
   * A step with `changes` changes was read at `readAt` (of any one clock), after which the stream may resume at
   * `position`.
   */
  open(changes: number, position: Position | undefined, readAt: number): OpenStep;
  position(): Position | undefined;
  /** When the oldest step was read that holds the position back; undefined where everything is settled. */
  heldSince(): number | undefined;
}

export interface OpenStep {
  /** One change of the step is settled. */
  settle(): void;
}

interface Pending {
  left: number;
  position: Position | undefined;
  readonly readAt: number;
}

/** So few steps are not worth going through. */
const FEW = 64;

export function createWatermark(start: Position | undefined): Watermark {
  let pending: Pending[] = [];
  let reached = start;
  /** How many steps may be pending before they are gone through once more. */
  let most = FEW;

  const advance = (): void => {
    let done = 0;
    for (const step of pending) {
      if (step.left > 0) break;
      reached = step.position ?? reached;
      done++;
    }
    if (done > 0) pending.splice(0, done);
  };

  /** Behind one change that is not settled for hours there are thousands of steps that are: one stands for all. */
  const thinOut = (): void => {
    const kept: Pending[] = [];
    for (const step of pending) {
      const last = kept.at(-1);
      if (last === undefined || last.left > 0 || step.left > 0) kept.push(step);
      else last.position = step.position ?? last.position;
    }
    pending = kept;
    most = Math.max(FEW, kept.length * 2);
  };

  return {
    open: (changes, position, readAt) => {
      const step: Pending = { left: changes, position, readAt };
      pending.push(step);
      if (changes === 0) advance();
      if (pending.length > most) thinOut();
      return {
        settle: () => {
          step.left--;
          if (step.left === 0) advance();
        },
      };
    },
    position: () => reached,
    heldSince: () => pending[0]?.readAt,
  };
}
