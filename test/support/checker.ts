import type { Told } from './told.ts';
import type { State, Truth } from './writer.ts';

/** How what was told differs from the truth; each entry names the object and the change. */
export interface Findings {
  /** Changes that no accepted event told. After a gap, states in between may be lost. */
  readonly lostChanges: string[];
  /** Those of them that are the last state of an object that exists: a receiver never learns of it. */
  readonly lostLastStates: string[];
  /** Those of them that are the end of an object of which a state was told: a receiver keeps it for ever. */
  readonly lostDeletes: string[];
  /** Attempts for a change of an object after a later change of it had been attempted. */
  readonly backInTime: string[];
  /** Accepted events whose source and id another one had before: a receiver can drop them. */
  readonly repeated: string[];
  /** Changes that were told before under another id: a receiver cannot see that they are the same. */
  readonly doubled: string[];
  /** Events about states that never were. */
  readonly invented: string[];
}

/** Compares. `told` is every attempt in order of arrival. */
export function compare(truth: Truth, told: readonly Told[]): Findings {
  const findings: Findings = {
    lostChanges: [],
    lostLastStates: [],
    lostDeletes: [],
    backInTime: [],
    repeated: [],
    doubled: [],
    invented: [],
  };
  const accepted = checkAttempts(truth, told, findings);
  for (const [object, states] of truth) checkLosses(object, states, accepted, findings);
  return findings;
}

/** The numbers on one line. */
export function summary(truth: Truth, told: readonly Told[], findings: Findings): string {
  const changes = [...truth.values()].reduce((sum, states) => sum + states.length, 0);
  const accepted = told.filter((it) => it.accepted).length;
  const counts = Object.entries(findings).map(([name, found]) => `${name} ${(found as readonly string[]).length}`);
  return `objects ${truth.size}, changes ${changes}, attempts ${told.length}, accepted ${accepted}; ${counts.join(', ')}`;
}

/** Finds what is wrong with the attempts themselves, and returns the changes that were accepted. */
function checkAttempts(truth: Truth, told: readonly Told[], findings: Findings): ReadonlySet<string> {
  const positions = positionsIn(truth);
  const furthest = new Map<string, number>();
  const identities = new Set<string>();
  const accepted = new Set<string>();
  for (const attempt of told) {
    const { type, object, uid, resourceVersion, identity } = attempt;
    const change = nameOf(object, type === 'delete' ? { is: 'gone', uid } : { is: 'present', uid, resourceVersion });
    const position = positions.get(change);
    if (position === undefined) {
      findings.invented.push(`${type} ${change}`);
      continue;
    }
    const before = furthest.get(object) ?? -1;
    if (position < before) findings.backInTime.push(change);
    furthest.set(object, Math.max(before, position));
    if (!attempt.accepted) continue;
    if (identities.has(identity)) findings.repeated.push(change);
    else if (accepted.has(change)) findings.doubled.push(change);
    identities.add(identity);
    accepted.add(change);
  }
  return accepted;
}

function checkLosses(
  object: string,
  states: readonly State[],
  accepted: ReadonlySet<string>,
  findings: Findings,
): void {
  const met = new Set<string>();
  states.forEach((state, index) => {
    const change = nameOf(object, state);
    if (accepted.has(change)) {
      met.add(state.uid);
      return;
    }
    findings.lostChanges.push(change);
    if (state.is === 'gone' && met.has(state.uid)) findings.lostDeletes.push(change);
    if (state.is === 'present' && index === states.length - 1) findings.lostLastStates.push(change);
  });
}

/** Where each change stands in the life of its object. */
function positionsIn(truth: Truth): Map<string, number> {
  const positions = new Map<string, number>();
  for (const [object, states] of truth) {
    states.forEach((state, index) => positions.set(nameOf(object, state), index));
  }
  return positions;
}

function nameOf(object: string, state: State): string {
  return `${object} ${state.uid} ${state.is === 'gone' ? 'gone' : state.resourceVersion}`;
}
