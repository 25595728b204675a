import { type Condition, conditionSet, keepTransitionTimes } from '../../reconcile/conditions.ts';
import type { SinkBindingStatus } from './spec.ts';

/** What a binding is to those that it means. Reasons in upstream's words, where it has them. */
export type Availability =
  | { readonly is: 'bound' }
  | {
      readonly is: 'unavailable';
      readonly reason:
        | 'SubjectMissing'
        | 'SubjectUnavailable'
        | 'SubjectAlreadyBound'
        | 'SubjectImmutable'
        | 'BindingFailed'
        | 'InvalidSpec';
      readonly message: string;
    };

const SET = conditionSet({
  happy: 'Ready',
  dependents: [
    'SinkBindingAvailable',
    'SinkProvided',
    'OIDCIdentityCreated',
    'OIDCTokenSecretCreated',
    'TrustBundlePropagated',
  ],
});

/** The words of upstream where its feature is off; ours has no such feature. */
const NO_OIDC = 'authentication-oidc feature disabled';

/**
 * The conditions of a binding. @param now milliseconds since the epoch
 * @param sinkProblem why the sink leads nowhere; undefined: it leads somewhere. Its reason is upstream's, one for all
 */
export function conditionsOf(
  status: SinkBindingStatus | undefined,
  availability: Availability,
  sinkProblem: { readonly reason: 'NoAddressable' | 'SinkEmpty'; readonly message: string } | undefined,
  now: number,
): readonly Condition[] {
  const before = status?.conditions ?? [];
  let list = SET.initialise(before, now);
  list = SET.markTrue(list, 'OIDCIdentityCreated', NO_OIDC, '', now);
  list = SET.markTrue(list, 'OIDCTokenSecretCreated', NO_OIDC, '', now);
  list = SET.markTrue(list, 'TrustBundlePropagated', '', '', now);
  // The sink is what Ready speaks of, where both are False: without it there is nothing to bind to.
  if (availability.is === 'bound') list = SET.markTrue(list, 'SinkBindingAvailable', '', '', now);
  else list = SET.markFalse(list, 'SinkBindingAvailable', availability.reason, availability.message, now);
  if (sinkProblem === undefined) list = SET.markTrue(list, 'SinkProvided', '', '', now);
  else list = SET.markFalse(list, 'SinkProvided', sinkProblem.reason, sinkProblem.message, now);
  return keepTransitionTimes(before, list);
}
