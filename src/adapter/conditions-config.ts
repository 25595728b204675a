import * as z from 'zod';
import type { CelExpression } from '../events/cel/cel.ts';
import { compileWhen } from '../events/cel/load-cel.ts';
import { EVENT_SERIES, type EventSeries } from '../events/conditions/event-series.ts';
import type { Part } from '../events/conditions/parts.ts';
import { parseDuration } from './duration.ts';
import { changesConfig } from './payload-config.ts';

/** Which changes of the objects of one entry of `resources` are told. All optional; by default all, as upstream. */
export interface ConditionsConfig {
  /** Only updates that change one of these parts. */
  readonly changes?: readonly Part[] | undefined;
  /** Only changes for which the expression is true. */
  readonly when?: CelExpression | undefined;
  /**
   * `Transition`: only changes with which `when` becomes true or ceases to be. Default: `Change`. Not called `on`,
   * which YAML readers such as kubectl's take for true.
   */
  readonly trigger?: 'Change' | 'Transition' | undefined;
  /** How often Events that repeat themselves are told. Default: `All`. */
  readonly eventSeries?: EventSeries | undefined;
  /** How long a change waits for a newer one of its object that takes its place, in milliseconds. Default: not at all. */
  readonly debounce?: number | undefined;
}

/** Longer holds the stored position up for longer than API servers keep the history that is needed after a crash. */
const LONGEST_DEBOUNCE_MS = 60_000;

const when = z.string().transform((text, context): CelExpression => {
  const expression = compileWhen(text);
  if (expression.is === 'compiled') return expression;
  for (const message of expression.messages) context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const debounce = z.string().transform((text, context): number => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= LONGEST_DEBOUNCE_MS) return ms;
  context.addIssue('expected an ISO 8601 duration of at most PT1M that is not zero, such as PT2S');
  return z.NEVER;
});

/** The fields of an entry of `resources` that say which changes are told. */
export const conditionFields = {
  changes: changesConfig.optional(),
  when: when.optional(),
  trigger: z.enum(['Change', 'Transition'], { error: 'expected Change or Transition' }).optional(),
  eventSeries: z.enum(EVENT_SERIES, { error: `expected one of ${EVENT_SERIES.join(', ')}` }).optional(),
  debounce: debounce.optional(),
};

interface Entry extends ConditionsConfig {
  readonly gvr: { readonly Group: string; readonly Resource: string };
}

/** What of an entry does not go together. */
export function conditionProblems({ gvr, when: expression, trigger, eventSeries = 'All' }: Entry): ConditionProblem[] {
  return [
    ...(trigger === 'Transition' && expression === undefined
      ? [{ field: 'trigger', message: 'expected a CEL expression in when, whose value changes' }]
      : []),
    ...(trigger === 'Transition' && expression?.usesType === true
      ? [{ field: 'when', message: 'expected no type beside trigger: Transition, since it is not of the object' }]
      : []),
    ...(eventSeries === 'All' || mayBeEvents(gvr)
      ? []
      : [{ field: 'eventSeries', message: 'expected the resource events beside it; other objects have no series' }]),
  ];
}

export interface ConditionProblem {
  readonly field: string;
  readonly message: string;
}

/** Whether the resource is Kubernetes Events, in either of the groups that serve them. */
export function isEvents({ group, plural }: { readonly group: string; readonly plural: string }): boolean {
  return plural === 'events' && (group === '' || group === 'events.k8s.io');
}

function mayBeEvents({ Group: group, Resource: plural }: Entry['gvr']): boolean {
  return isEvents({ group, plural: plural === '*' ? 'events' : plural });
}
