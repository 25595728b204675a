/** One entry of `status.conditions`, as Knative writes it (knative.dev/pkg/apis, Condition). */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** Absent: Error, the severity of the conditions that decide about the happy one. */
  readonly severity?: 'Warning' | 'Info';
  /** RFC 3339, in seconds; moves with any change of the condition, that of its message alone as well. */
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

type Conditions = readonly Condition[];
/** An empty reason or message is left out. @param now milliseconds since the epoch */
type Mark = (conditions: Conditions, type: string, reason: string, message: string, now: number) => Conditions;

/**
 * The conditions of a kind, with the rules of Knative's condition manager (knative.dev/pkg/apis/condition_set.go).
 * Each function returns a new list, sorted by type; the list it was given stays.
 */
export interface ConditionSet {
  /** Adds what is missing as Unknown; a new dependent of an object that is happy already is True. */
  initialise(conditions: Conditions, now: number): Conditions;
  /** The happy condition becomes True if every dependent is, else what its unhappy dependent is. */
  readonly markTrue: Mark;
  /** With a dependent the happy condition becomes False. */
  readonly markFalse: Mark;
  /** With a dependent the happy condition becomes Unknown, unless another dependent is False. */
  readonly markUnknown: Mark;
}

/**
 * @param types.happy the condition that sums up: `Ready`, or `Succeeded` for what comes to an end
 * @param types.dependents what it depends on; any other condition is for information and has severity Info
 */
export function conditionSet(types: { readonly happy: string; readonly dependents: readonly string[] }): ConditionSet {
  const { happy, dependents } = types;

  const set = (conditions: Conditions, wanted: Omit<Condition, 'severity'>, now: number): Conditions => {
    const { type, status, reason, message } = wanted;
    const next: Condition = {
      type,
      status,
      ...(type !== happy && !dependents.includes(type) && { severity: 'Info' }),
      ...(reason && { reason }),
      ...(message && { message }),
    };
    const present = find(conditions, type);
    if (present !== undefined && sameButTime(present, next)) return conditions;
    const others = conditions.filter((it) => it.type !== type);
    return [...others, { ...next, lastTransitionTime: inSeconds(now) }].sort(byType);
  };

  /** What stands for all dependents: the newest that is False, else the newest that is Unknown or missing. */
  const unhappyDependent = (conditions: Conditions): Omit<Condition, 'type'> | undefined => {
    const present = dependents.flatMap((type) => find(conditions, type) ?? []).sort(newestFirst);
    return (
      present.find(({ status }) => status === 'False') ??
      present.find(({ status }) => status === 'Unknown') ??
      (present.length < dependents.length ? { status: 'Unknown' } : undefined)
    );
  };

  const markTrue: Mark = (conditions, type, reason, message, now) => {
    const marked = set(conditions, { type, status: 'True', reason, message }, now);
    const unhappy = unhappyDependent(marked);
    if (unhappy !== undefined) return set(marked, { ...unhappy, type: happy }, now);
    return type === happy ? marked : set(marked, { type: happy, status: 'True' }, now);
  };

  const markFalse: Mark = (conditions, type, reason, message, now) => {
    const wanted = { status: 'False', reason, message } as const;
    const marked = set(conditions, { ...wanted, type }, now);
    return dependents.includes(type) ? set(marked, { ...wanted, type: happy }, now) : marked;
  };

  const markUnknown: Mark = (conditions, type, reason, message, now) => {
    const wanted = { status: 'Unknown', reason, message } as const;
    const marked = set(conditions, { ...wanted, type }, now);
    if (dependents.some((it) => find(marked, it)?.status === 'False')) {
      const isFalse = find(marked, happy)?.status === 'False';
      return isFalse ? marked : set(marked, { ...wanted, type: happy, status: 'False' }, now);
    }
    return dependents.includes(type) ? set(marked, { ...wanted, type: happy }, now) : marked;
  };

  const initialise = (conditions: Conditions, now: number): Conditions => {
    const status = find(conditions, happy)?.status === 'True' ? 'True' : 'Unknown';
    const missing = [happy, ...dependents].filter((type) => find(conditions, type) === undefined);
    return missing.reduce((all, type) => set(all, { type, status }, now), conditions);
  };

  return { initialise, markTrue, markFalse, markUnknown };
}

/**
 * `after`, where a condition that came out as it was keeps its time: on its way it may have been something else, and a
 * status that differs in times alone would be written, seen and written again.
 */
export function keepTransitionTimes(before: Conditions, after: Conditions): Conditions {
  return after.map((condition) => {
    const old = find(before, condition.type);
    return old !== undefined && sameButTime(old, condition) ? old : condition;
  });
}

function find(conditions: Conditions, type: string): Condition | undefined {
  return conditions.find((it) => it.type === type);
}

function sameButTime(a: Condition, b: Condition): boolean {
  const same = (field: 'type' | 'status' | 'severity' | 'reason' | 'message') => (a[field] ?? '') === (b[field] ?? '');
  return same('type') && same('status') && same('severity') && same('reason') && same('message');
}

function byType(a: Condition, b: Condition): number {
  return a.type < b.type ? -1 : 1;
}

/** Times of one format order as texts do. Equal ones keep their order, by type. */
function newestFirst(a: Condition, b: Condition): number {
  const [at, bt] = [a.lastTransitionTime ?? '', b.lastTransitionTime ?? ''];
  if (at === bt) return byType(a, b);
  return at > bt ? -1 : 1;
}

/** metav1.Time's form. */
function inSeconds(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}
