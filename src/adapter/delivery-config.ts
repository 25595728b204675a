import * as z from 'zod';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '../delivery/judge.ts';
import type { ContentMode } from '../events/encode.ts';
import { readCertificates } from '../delivery/certificates.ts';
import { parseDuration } from './duration.ts';

/**
 * How events are delivered: Knative's DeliverySpec, with the same field names and forms. All optional. Without `retry`
 * an event is tried until it is taken; upstream's source drops it after 5 retries.
 */
export interface DeliveryConfig {
  /** The CloudEvents content mode. Ours is `batch`, several events in one request. Default: `binary`. */
  readonly format?: 'binary' | 'json' | 'batch' | undefined;
  /** How often an event is tried again before it is a dead letter. */
  readonly retry?: number | undefined;
  readonly backoffPolicy?: 'linear' | 'exponential' | undefined;
  /** ISO 8601, as are all durations here. */
  readonly backoffDelay?: string | undefined;
  /** Of one attempt. */
  readonly timeout?: string | undefined;
  /** The most that a Retry-After header can make us wait. */
  readonly retryAfterMax?: string | undefined;
  readonly deadLetterSink?: { readonly uri: string; readonly CACerts?: string | undefined } | undefined;
}

const LONGEST_MS = 24 * 3_600_000;

const duration = z.string().refine(
  (text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms <= LONGEST_MS;
  },
  { error: 'expected an ISO 8601 duration of at most a day, such as PT0.5S' },
);
const positiveDuration = duration.refine((text) => parseDuration(text) !== 0, { error: 'expected more than no time' });
const uri = z.string().refine(
  (text) => {
    const url = URL.parse(text);
    return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '' && url.username + url.password === '';
  },
  { error: 'expected an absolute http or https URL' },
);

const caCerts = z.string().superRefine((text, context) => {
  for (const problem of readCertificates(text).problems) context.addIssue(`expected PEM certificates; it ${problem}`);
});

export const deliveryConfig = z.object({
  format: z.enum(['binary', 'json', 'batch'], { error: 'expected binary, json or batch' }).optional(),
  retry: z.int({ error: 'expected a whole number' }).min(0, { error: 'expected 0 or more' }).optional(),
  backoffPolicy: z.enum(['linear', 'exponential'], { error: 'expected linear or exponential' }).optional(),
  backoffDelay: positiveDuration.optional(),
  timeout: positiveDuration.optional(),
  retryAfterMax: duration.optional(),
  deadLetterSink: z.object({ uri, CACerts: caCerts.optional() }).optional(),
});

export function retryPolicy(config: DeliveryConfig | undefined): RetryPolicy {
  const { retry, backoffPolicy, backoffDelay, retryAfterMax } = config ?? {};
  return {
    retry,
    backoffPolicy: backoffPolicy ?? DEFAULT_RETRY_POLICY.backoffPolicy,
    backoffDelayMs: parseDuration(backoffDelay ?? '') ?? DEFAULT_RETRY_POLICY.backoffDelayMs,
    retryAfterMaxMs: parseDuration(retryAfterMax ?? '') ?? DEFAULT_RETRY_POLICY.retryAfterMaxMs,
  };
}

/** How an event is put into a request of its own. In a batch each has the form of the structured mode. */
export function contentMode(config: DeliveryConfig | undefined): ContentMode {
  return config?.format === 'json' || config?.format === 'batch' ? 'structured' : 'binary';
}
