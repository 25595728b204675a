import { apiVersionOf, type Resource } from '../kube/resource.ts';
import type { Change, ObjectHead } from '../watch/change.ts';
import type { AttributeValue, CloudEvent } from './cloud-event.ts';
import { eventId } from './event-id.ts';
import { isoTime } from './iso-time.ts';

/** `Resource`: the data is the object. `Reference`: the data only names it. */
export type Mode = 'Resource' | 'Reference';

/** What all events of a stream have in common. */
export interface Origin {
  /** The API server's URL, as upstream's `source`. */
  readonly server: string;
  readonly resource: Resource;
  readonly mode: Mode;
  /** See `scopeHash`. */
  readonly scope: string;
  /** `ceOverrides.extensions`; they win over every extension that is set here. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** What differs from event to event beside the change itself. */
export interface Moment {
  readonly epoch: number;
  /** In milliseconds since the epoch. */
  readonly now: number;
  /** The object was not deleted: it only left the stream's selector. */
  readonly unselected?: boolean;
}

/**
 * The CloudEvent that tells a change, as Knative's ApiServerSource forms it (pkg/adapter/apiserver/events), with two
 * more extensions: `uid` and `resourceversion`. Three others say what upstream does not know of: `recovered`,
 * `finalstateunknown` and `unselected`.
 */
export function toCloudEvent(change: Change, origin: Origin, moment: Moment): CloudEvent {
  const { object } = change;
  const { resource } = origin;
  const texts = textsOf(origin);
  const extensions: Record<string, AttributeValue> = {
    apiversion: texts.apiVersion,
    kind: resource.kind,
    name: object.name,
    namespace: object.namespace,
    resourceversion: object.resourceVersion,
    uid: object.uid,
  };
  if (change.foundBy === 'comparison') extensions['recovered'] = true;
  // Only a delete that was found by comparison lacks its object: what the object last looked like is not known.
  if (change.body === undefined) extensions['finalstateunknown'] = true;
  if (moment.unselected === true) extensions['unselected'] = true;
  return {
    id: eventId(origin.scope, moment.epoch, change),
    source: origin.server,
    type: texts.types[change.type],
    subject: `${texts.root}${object.namespace}${texts.collection}${object.name}`,
    time: isoTime(moment.now),
    datacontenttype: 'application/json',
    extensions,
    data: origin.mode === 'Resource' ? (change.body ?? metadataOnly(object, resource)) : reference(object, resource),
  };
}

/** What is written once a stream and not once an event. */
interface Texts {
  readonly apiVersion: string;
  readonly types: Readonly<Record<Change['type'], string>>;
  /** Of the subject: what stands before the namespace, and what between it and the name. */
  readonly root: string;
  readonly collection: string;
}

const textsOfOrigins = new WeakMap<Origin, Texts>();

function textsOf(origin: Origin): Texts {
  const found = textsOfOrigins.get(origin);
  if (found !== undefined) return found;
  const apiVersion = apiVersionOf(origin.resource);
  const stem = `dev.knative.apiserver.${origin.mode === 'Resource' ? 'resource' : 'ref'}`;
  const texts = {
    apiVersion,
    types: { add: `${stem}.add`, update: `${stem}.update`, delete: `${stem}.delete` },
    root: `/apis/${apiVersion}/namespaces/`,
    collection: `/${origin.resource.plural}/`,
  };
  textsOfOrigins.set(origin, texts);
  return texts;
}

/** The event as `ceOverrides` want it. */
export function withOverrides(event: CloudEvent, overrides: Origin['overrides']): CloudEvent {
  if (Object.keys(overrides).length === 0) return event;
  return { ...event, extensions: { ...event.extensions, ...overrides } };
}

/** An ObjectReference with the members, and in the order, that upstream sends. */
export function reference(object: ObjectHead, resource: Resource): Buffer {
  const { namespace, name } = object;
  const members = {
    kind: resource.kind,
    ...(namespace === '' ? {} : { namespace }),
    name,
    apiVersion: apiVersionOf(resource),
  };
  return Buffer.from(JSON.stringify(members));
}

/** What is still known of an object that is gone: what names it, and its last known version. */
export function metadataOnly(object: ObjectHead, resource: Resource): Buffer {
  const { namespace, name, uid, resourceVersion } = object;
  const metadata = { name, ...(namespace === '' ? {} : { namespace }), uid, resourceVersion };
  return Buffer.from(JSON.stringify({ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata }));
}
