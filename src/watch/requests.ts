import type { KubeRequest } from '../kube/client.ts';
import { collectionPath, type Resource } from '../kube/resource.ts';
import type { ObjectHead } from './change.ts';
import type { Scope } from './scope.ts';
import type { Auditing, Entering, Listing, Recalling, Remembering, Retracing, Watching } from './watch-state.ts';

/** Which objects a stream is about, and how much of each it carries. */
export interface Stream {
  readonly resource: Resource;
  /** Undefined: all namespaces, or a cluster-scoped kind. */
  readonly namespace: string | undefined;
  /** In the API server's query syntax; undefined selects everything. */
  readonly labelSelector: string | undefined;
  /** The same. Which fields a kind can be selected by is the server's to say: it answers 400 to others. */
  readonly fieldSelector?: string | undefined;
  /** Which namespaces are meant, in a stream of the whole cluster; undefined: all of them. */
  readonly scope?: Scope | undefined;
  /** Which of the objects that the server sends are meant, judged by their JSON; undefined: all of them. */
  readonly selects?: (object: Buffer) => boolean;
  /**
   * Hears of the objects that a list shows and no change tells, and at a resumption of those at its position.
   * Undefined: such objects are listed without bodies. Goes with `carries: 'objects'`.
   */
  readonly sees?: ((object: ObjectHead, body: Buffer) => void) | undefined;
  /** `metadata`: PartialObjectMetadata, for events that only name the object. */
  readonly carries: 'objects' | 'metadata';
  /** What to tell of objects that exist when the stream starts for the first time. */
  readonly initialEvents: 'none' | 'all';
}

type Asked = Omit<KubeRequest, 'signal'>;

/** The page size that client-go's pager uses (tools/pager). */
const PAGE_LIMIT = 500;
/** client-go's reflector asks for 5 to 10 minutes, chosen at random so that many watches do not end together. */
const SHORTEST_WATCH_S = 300;

// The plain form after the comma lets a server that cannot reduce objects answer with whole ones.
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
const OBJECTS = 'application/json';

/** A watch that goes on after the state's resourceVersion. `jitter` is in [0, 1). */
export function watchRequest(stream: Stream, state: Watching, jitter: number): Asked {
  return {
    path: collectionPath(stream.resource, stream.namespace),
    accept: stream.carries === 'metadata' ? METADATA : OBJECTS,
    query: {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: state.resourceVersion,
      timeoutSeconds: String(SHORTEST_WATCH_S + Math.floor(jitter * SHORTEST_WATCH_S)),
      ...selectorsOf(stream),
    },
  };
}

/** The objects as a stream that a bookmark ends (KEP-3157). Without a resourceVersion: the most recent state. */
export function watchListRequest(stream: Stream, state: Listing): Asked {
  return {
    path: collectionPath(stream.resource, stream.namespace),
    accept: listsMetadata(stream, state) ? METADATA : OBJECTS,
    query: {
      watch: '1',
      allowWatchBookmarks: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      timeoutSeconds: String(SHORTEST_WATCH_S),
      ...selectorsOf(stream),
    },
  };
}

/** The next page. Without a resourceVersion: the most recent state, never a cache that may lag (resourceVersion=0). */
export function pageRequest(stream: Stream, state: Listing): Asked {
  return {
    path: collectionPath(stream.resource, stream.namespace),
    accept: listsMetadata(stream, state) ? METADATA_LIST : OBJECTS,
    query: { limit: String(PAGE_LIMIT), continue: state.continueToken, ...selectorsOf(stream) },
  };
}

/**
 * The next page of what existed at the state's `since`, or its moment. A server keeps that for 5 to 10 minutes, from snapshots of its
 * cache (KEP-4988) or from etcd until it is compacted; after that it answers 410.
 */
export function pastPageRequest(stream: Stream, state: Past): Asked {
  const moment = state.at === 'retracing' ? state.moments[0] : state.since;
  const page =
    state.continueToken === undefined
      ? { resourceVersion: moment, resourceVersionMatch: 'Exact' }
      : { continue: state.continueToken };
  return {
    path: collectionPath(stream.resource, stream.namespace),
    accept: wantsPastBodies(stream, state) ? OBJECTS : METADATA_LIST,
    query: { limit: String(PAGE_LIMIT), ...page, ...selectorsOf(stream) },
  };
}

/** The next page of what is in namespaces that come into the scope: of the one, or of the cluster where they are many. */
export function entryPageRequest(stream: Stream, state: Entering): Asked {
  const [first, ...more] = state.entries;
  const bodies = stream.carries === 'objects' && (hears(stream) || state.entries.some(({ tells }) => tells));
  return {
    path: collectionPath(stream.resource, more.length === 0 ? first?.namespace : undefined),
    accept: bodies ? OBJECTS : METADATA_LIST,
    query: { limit: String(PAGE_LIMIT), continue: state.continueToken, ...selectorsOf(stream) },
  };
}

/** The smallest question whose answer carries the server's newest version. */
export function headRequest(stream: Stream): Asked {
  return {
    path: collectionPath(stream.resource, stream.namespace),
    accept: METADATA_LIST,
    query: { limit: '1', ...selectorsOf(stream) },
  };
}

function selectorsOf({ labelSelector, fieldSelector }: Stream): Record<string, string | undefined> {
  return { labelSelector, ...(fieldSelector !== undefined && { fieldSelector }) };
}

/** Objects that will only be remembered need no bodies, unless somebody looks at them. */
function listsMetadata(stream: Stream, state: Listing): boolean {
  return stream.carries === 'metadata' || (isSilent(stream, state) && !hears(stream));
}

type Past = Auditing | Remembering | Retracing | Recalling;

function wantsPastBodies(stream: Stream, state: Past): boolean {
  // What is found then is told.
  if (state.at === 'retracing') return stream.carries === 'objects';
  return state.at === 'recalling' || (state.at === 'remembering' && hears(stream));
}

function hears({ sees }: Stream): boolean {
  return sees !== undefined;
}

/** Whether a list only makes objects known: the first one, unless its objects were asked for. */
export function isSilent(stream: Stream, state: Listing): boolean {
  return state.why === 'start' && stream.initialEvents === 'none';
}
