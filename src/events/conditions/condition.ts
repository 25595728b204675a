import type { Change, ObjectHead } from '../../watch/change.ts';

/** Decides about changes of one stream, one after the other and as they come, whether they become events. */
export interface Condition {
  /** What a change that fails is counted under. */
  readonly reason: string;
  /** Sees every change of the stream once, also those that are not told for another reason. */
  readonly holds: (change: Change) => boolean;
  /** Hears of objects that exist and of which no change tells. */
  readonly sees?: (object: ObjectHead, body: Buffer) => void;
}

/** The first reason for which `change` is not told, or undefined. All conditions see the change. */
export function whyNot(conditions: readonly Condition[], change: Change): string | undefined {
  let reason: string | undefined;
  for (const condition of conditions) if (!condition.holds(change)) reason ??= condition.reason;
  return reason;
}
