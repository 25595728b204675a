import type { CelTrouble } from '../events/cel/trouble.ts';
import { partsChanged } from '../events/conditions/changed-parts.ts';
import type { Condition } from '../events/conditions/condition.ts';
import { seriesOf } from '../events/conditions/event-series.ts';
import { onTransition } from '../events/conditions/on-transition.ts';
import { needsBodies } from '../events/conditions/parts.ts';
import { judgeBy, whenTrue } from '../events/conditions/when.ts';
import type { Resource } from '../kube/resource.ts';
import type { Stream } from '../watch/requests.ts';
import { type ConditionsConfig, isEvents } from './conditions-config.ts';

/**
 * The conditions of one stream, which remember what they have seen of its objects.
 * @param tell hears of objects for which the expression came to nothing
 */
export function streamConditions(
  { changes, when, trigger, eventSeries = 'All' }: ConditionsConfig,
  resource: Resource,
  tell: (trouble: CelTrouble) => void,
): Condition[] {
  const conditions: Condition[] = [];
  if (changes !== undefined) conditions.push(partsChanged(changes));
  if (eventSeries !== 'All' && isEvents(resource)) conditions.push(seriesOf(eventSeries));
  if (when !== undefined) {
    const judge = judgeBy(when, tell);
    conditions.push(trigger === 'Transition' ? onTransition(judge) : whenTrue(judge));
  }
  return conditions;
}

/** Whether objects have to be read whole, whatever events carry of them. */
export function readsBodies({ changes, when, eventSeries = 'All' }: ConditionsConfig): boolean {
  return needsBodies(changes) || when !== undefined || eventSeries !== 'All';
}

/** What conditions want to hear of objects that no change tells; undefined: nothing. */
export function seenBy(conditions: readonly Condition[]): Stream['sees'] {
  const hearers = conditions.flatMap(({ sees }) => sees ?? []);
  if (hearers.length === 0) return undefined;
  return (object, body) => {
    for (const sees of hearers) sees(object, body);
  };
}
