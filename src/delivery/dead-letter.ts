import type { CloudEvent } from '../events/cloud-event.ts';
import type { Outcome } from './outcome.ts';

/** Knative's limit for the text of `knativeerrordata`. */
const MOST_ERROR_DATA = 1_024;
const NOTHING = new Uint8Array(0);

/**
 * The event as it goes to the dead letter sink: with the extensions that Knative's dispatcher adds
 * (knative/eventing, pkg/kncloudevents): where it could not be delivered to, the last status, and the beginning of
 * the last answer in base64.
 */
export function deadLetter(event: CloudEvent, destination: URL, outcome: Outcome): CloudEvent {
  const extensions: Record<string, string | number | boolean> = { ...event.extensions };
  extensions['knativeerrordest'] = `${destination.origin}${destination.pathname}`;
  if (outcome.is === 'answered') extensions['knativeerrorcode'] = outcome.status;
  const told = outcome.is === 'answered' ? (outcome.body ?? NOTHING) : Buffer.from(outcome.detail);
  // Three bytes make four characters.
  const data = Buffer.from(told.subarray(0, (MOST_ERROR_DATA / 4) * 3)).toString('base64');
  if (data !== '') extensions['knativeerrordata'] = data;
  return { ...event, extensions };
}
