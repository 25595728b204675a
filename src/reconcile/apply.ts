import { LRUCache } from 'lru-cache';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { collectionPath, type Resource } from '../kube/resource.ts';
import { fingerprint, fingerprintOfWill } from './fingerprint.ts';
import { controllerOf, FIELD_MANAGER, isOurs } from './ownership.ts';

/** What came of an object that was to be as wanted. The sentences are for conditions and notices. */
export type Applied =
  /** It was so already. */
  | { readonly is: 'unchanged'; readonly object: KubeObject }
  | { readonly is: 'created' | 'changed'; readonly object: KubeObject }
  /** There is an object of that name which somebody else owns; it was left alone. */
  | { readonly is: 'notOurs'; readonly sentence: string }
  /** It was deleted or made anew meanwhile: gather again. */
  | { readonly is: 'outdated' }
  /** The API server will not have it. `immutable`: it would, of an object that is made anew. */
  | { readonly is: 'refused'; readonly code: 'immutable' | 'invalid' | 'forbidden'; readonly sentence: string };

export interface Applier {
  /**
   * Makes an object as wanted by server-side apply: creates it, or sets our fields of it, whoever set them before, and
   * takes away those that are not wanted any more. The fields of others stay. Costs no request while both what is
   * wanted and `live`, its status aside, are what they were after the last one.
   *
   * @param wanted all fields that are to be ours, without `status`; its controller owns the object
   * @param live the object as an informer has it; undefined: whether there is one is for the API server to say
   * @throws KubeError when the API server could not be asked, or has no such namespace
   */
  apply(resource: Resource, wanted: KubeObject, live: KubeObject | undefined, signal: AbortSignal): Promise<Applied>;
}

interface LastApplied {
  readonly uid: string | undefined;
  readonly wanted: string;
  /** The object as it came out. */
  readonly live: string;
}

const TIMEOUT_MS = 15_000;
/** Of about 300 bytes each; an object that is forgotten costs one request. */
const MOST_REMEMBERED = 20_000;
/** A number of entries by `max` would reserve room for all of them beforehand. */
const MEMORY = { maxSize: MOST_REMEMBERED, sizeCalculation: () => 1 };
/**
 * No object has it, as etcd begins with 1 before the first write. What is there already is a conflict, and so never
 * taken over; what is not is created, which no version keeps the API server from (apiserver, registry/generic/store.go).
 */
const VERSION_OF_NONE = '1';

/** What was applied last is remembered by this process only: after a restart every object costs one request. */
export function createApplier(kube: Pick<KubeClient, 'json'>): Applier {
  const lastApplied = new LRUCache<string, LastApplied>(MEMORY);

  async function write(
    resource: Resource,
    wanted: KubeObject,
    live: KubeObject | undefined,
    signal: AbortSignal,
  ): Promise<Applied> {
    const path = pathOf(resource, wanted.metadata);
    // With the uid, an object that was deleted meanwhile is not made anew, and one that was made anew not taken over.
    const only = live === undefined ? { resourceVersion: VERSION_OF_NONE } : { uid: live.metadata.uid };
    try {
      const object = await kube.json<KubeObject>({
        method: 'PATCH',
        path,
        query: { fieldManager: FIELD_MANAGER, force: true },
        // JSON is YAML.
        contentType: 'application/apply-patch+yaml',
        body: { ...wanted, metadata: { ...wanted.metadata, ...only } },
        signal,
        timeoutMs: TIMEOUT_MS,
      });
      const { uid } = object.metadata;
      lastApplied.set(path, { uid, wanted: fingerprint(wanted), live: fingerprintOfWill(object, wanted) });
      return { is: changeOf(live, object, wanted), object };
    } catch (error) {
      lastApplied.delete(path);
      return refusalOf(error, wanted, live !== undefined);
    }
  }

  return {
    async apply(resource, wanted, given, signal) {
      const path = pathOf(resource, wanted.metadata);
      const last = lastApplied.get(path);
      if (given === undefined && last === undefined) {
        const created = await write(resource, wanted, undefined, signal);
        if (created.is !== 'outdated') return created;
      }
      const isKnown = (it: KubeObject) => last !== undefined && last.uid === it.metadata.uid;
      const tellsOwner = given !== undefined && (controllerOf(wanted) !== undefined || isKnown(given));
      const live = tellsOwner ? given : await read(kube, path, signal);
      if (live !== undefined && !isOurs(live, wanted, isKnown(live))) {
        return { is: 'notOurs', sentence: foreignSentence(live, wanted) };
      }
      const isAsWanted =
        live !== undefined && last?.wanted === fingerprint(wanted) && last.live === fingerprintOfWill(live, wanted);
      return isAsWanted ? { is: 'unchanged', object: live } : await write(resource, wanted, live, signal);
    },
  };
}

/** What is to be removed; only this one, not another of its name. */
export interface Removable {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Deletes an object, what belongs to it afterwards. `absent`: it is gone already, or its name is another object's.
 * @throws KubeError
 */
export async function removeObject(
  kube: Pick<KubeClient, 'json'>,
  { resource, uid, ...at }: Removable,
  signal: AbortSignal,
): Promise<'removed' | 'absent'> {
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid }, propagationPolicy: 'Background' };
  try {
    await kube.json({ method: 'DELETE', path: pathOf(resource, at), body, signal, timeoutMs: TIMEOUT_MS });
    return 'removed';
  } catch (error) {
    const isAbsent = error instanceof KubeError && (error.code === 'notFound' || error.code === 'conflict');
    if (isAbsent) return 'absent';
    throw error;
  }
}

function pathOf(resource: Resource, at: { readonly namespace?: string; readonly name: string }): string {
  return `${collectionPath(resource, at.namespace)}/${encodeURIComponent(at.name)}`;
}

/** An informer can be behind, and applying would take over what is there. */
async function read(
  kube: Pick<KubeClient, 'json'>,
  path: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await kube.json<KubeObject>({ path, signal, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof KubeError && error.code === 'notFound') return undefined;
    throw error;
  }
}

function changeOf(
  live: KubeObject | undefined,
  object: KubeObject,
  wanted: KubeObject,
): 'created' | 'changed' | 'unchanged' {
  if (live === undefined) return 'created';
  return fingerprintOfWill(live, wanted) === fingerprintOfWill(object, wanted) ? 'unchanged' : 'changed';
}

function foreignSentence(live: KubeObject, wanted: KubeObject): string {
  const owner = controllerOf(live);
  const whose =
    owner === undefined ? 'was not made by Watchbridge' : `belongs to ${owner.kind} ${owner.name} (uid ${owner.uid})`;
  return `${nameOf(wanted)} is needed and exists already, but ${whose}. It is left alone; rename or delete it.`;
}

function refusalOf(error: unknown, wanted: KubeObject, existed: boolean): Applied {
  if (!(error instanceof KubeError)) throw error;
  if (error.code === 'conflict' || (existed && isOutdated(error))) return { is: 'outdated' };
  const told = withoutSecrets(error, wanted);
  const name = nameOf(wanted);
  if (error.code === 'notFound' && wanted.metadata.namespace !== undefined) {
    const sentence = `${name} cannot be made: there is no namespace ${wanted.metadata.namespace}. ${told.message}`;
    return { is: 'refused', code: 'invalid', sentence };
  }
  if (error.code === 'forbidden') {
    return { is: 'refused', code: 'forbidden', sentence: `${name} may not be written. ${told.message}` };
  }
  if (existed && error.code === 'invalid' && IMMUTABLE.test(error.message)) {
    const sentence = `${name} has to be deleted and made anew: what is to change is fixed. ${told.message}`;
    return { is: 'refused', code: 'immutable', sentence };
  }
  if (error.code === 'invalid' || UNTYPED.test(error.message)) {
    return { is: 'refused', code: 'invalid', sentence: `${name} is not accepted. ${told.message}` };
  }
  throw told;
}

/** An object of another uid than the one that was read is a conflict if it is gone, and invalid if it was made anew. */
function isOutdated({ code, message }: KubeError): boolean {
  return code === 'notFound' || (code === 'invalid' && message.includes('metadata.uid'));
}

/** apimachinery's sentences for fields that are fixed; RBAC has one of its own. */
const IMMUTABLE = /field is immutable|cannot change roleRef|is immutable after creation/;
/** A field of another type than the schema's; the API server answers 500 (structured-merge-diff). */
const UNTYPED = /failed to (create typed patch object|convert new object)/;

/** What the API server says of a Secret, and the body that the error keeps, can hold what is in it. */
function withoutSecrets(error: KubeError, { kind, metadata }: KubeObject): KubeError {
  if (kind !== 'Secret') return error;
  const { status, reason, retryAfterMs } = error;
  const answer = [status ?? error.code, reason].filter(Boolean).join(' ');
  const message = `Applying Secret ${metadata.name} was answered ${answer}.`;
  return new KubeError(error.code, message, { status, reason, retryAfterMs });
}

function nameOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
