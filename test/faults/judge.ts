import { compare } from '../support/checker.ts';
import type { Told } from '../support/told.ts';
import type { Truth } from '../support/writer.ts';

/** What a run came to. */
export interface Numbers {
  readonly changes: number;
  readonly attempts: number;
  /** Changes that no accepted event told. */
  readonly lost: number;
  /** Those of them that are the last state of an object. */
  readonly lostLastStates: number;
  /** Those of them that are the end of an object that was told. */
  readonly lostDeletes: number;
  /** Accepted events with the source and id of an accepted one. */
  readonly sameId: number;
  /** Accepted events that tell an accepted change under another id. */
  readonly otherId: number;
  /** Events whose id stands for another change. */
  readonly clashes: number;
  /** Changes that were first tried after a later change of their object. */
  readonly disorder: number;
  /** Events about states that never were. */
  readonly invented: number;
  readonly gaps: number;
}

/** What a scenario may cost. What is not said may not be at all. */
export interface Allowed {
  /** States in between may be lost, if a gap was announced (or even if none was); last states and deletes never. */
  readonly between?: boolean | 'unannounced';
  readonly sameId?: number;
  readonly otherId?: number;
  /** The last state of so many objects, or their end, may never be told. */
  readonly lostLastStates?: number;
  readonly lostDeletes?: number;
  readonly disorder?: number;
  /** The least and the most. */
  readonly gaps?: readonly [number, number];
}

/**
 * Measures what was told by what is true. A repetition of an accepted event, as after a crash, counts as that and
 * nothing else: whoever drops repeated ids sees none of it, so it cannot be out of order.
 */
export function measure(truth: Truth, told: readonly Told[], gaps: number): Numbers {
  const accepted = new Set<string>();
  const meanings = new Map<string, string>();
  const fresh: Told[] = [];
  let sameId = 0;
  let clashes = 0;
  for (const attempt of told) {
    const { identity } = attempt;
    const meaning = meaningOf(attempt);
    if ((meanings.get(identity) ?? meaning) !== meaning) clashes++;
    meanings.set(identity, meaning);
    if (accepted.has(identity)) {
      if (attempt.accepted) sameId++;
      continue;
    }
    fresh.push(attempt);
    if (attempt.accepted) accepted.add(identity);
  }
  const findings = compare(truth, fresh);
  return {
    changes: [...truth.values()].reduce((sum, states) => sum + states.length, 0),
    attempts: told.length,
    lost: findings.lostChanges.length,
    lostLastStates: findings.lostLastStates.length,
    lostDeletes: findings.lostDeletes.length,
    sameId,
    otherId: findings.doubled.length,
    clashes,
    disorder: findings.backInTime.length,
    invented: findings.invented.length,
    gaps,
  };
}

/** What of the numbers is not allowed, a sentence each. */
export function judge(numbers: Numbers, allowed: Allowed): string[] {
  const [leastGaps, mostGaps] = allowed.gaps ?? [0, 0];
  const mayLose = mayLoseBetween(allowed, numbers.gaps);
  const limits: readonly (readonly [keyof Numbers, number])[] = [
    ['lost', mayLose ? Number.POSITIVE_INFINITY : 0],
    ['lostLastStates', allowed.lostLastStates ?? 0],
    ['lostDeletes', allowed.lostDeletes ?? 0],
    ['sameId', allowed.sameId ?? 0],
    ['otherId', allowed.otherId ?? 0],
    ['clashes', 0],
    ['disorder', allowed.disorder ?? 0],
    ['invented', 0],
    ['gaps', mostGaps],
  ];
  const problems = limits
    .filter(([name, most]) => numbers[name] > most)
    .map(([name, most]) => `${name} is ${numbers[name]}; at most ${most} allowed.`);
  if (numbers.gaps < leastGaps) problems.push(`gaps is ${numbers.gaps}; at least ${leastGaps} must be announced.`);
  if (numbers.attempts === 0 && numbers.changes > 0) problems.push('Nothing was told at all.');
  return problems;
}

/** Whether states in between may be lost, when so many gaps were announced. */
export function mayLoseBetween({ between }: Allowed, gaps: number): boolean {
  return between === 'unannounced' || (between === true && gaps > 0);
}

/** An add and an update of one version are the same change, and share an id. */
function meaningOf({ type, object, uid, resourceVersion }: Told): string {
  return type === 'delete' ? `${object} ${uid} gone` : `${object} ${uid} ${resourceVersion}`;
}
