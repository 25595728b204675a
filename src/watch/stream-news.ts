import type { KubeError, KubeFailureCode } from '../kube/errors.ts';
import type { ObjectHead } from './change.ts';
import type { ListReason } from './watch-state.ts';

/** What a stream says about itself while it runs. Every suppression, gap and interruption is one of these. */
export type StreamNews =
  /** A watch is open: everything after `resourceVersion` will come. */
  | { readonly is: 'established'; readonly resourceVersion: string }
  /** The server closed the watch, as it does every few minutes; it is opened again where it was. */
  | { readonly is: 'closed' }
  | { readonly is: 'interrupted'; readonly error: KubeError; readonly waitMs: number }
  /**
   * The server's history was replaced, as by restoring etcd: its newest version, `head`, is older than our position; or,
   * where they are undefined, something else than this stream showed it.
   */
  | { readonly is: 'rewound'; readonly position: string | undefined; readonly head: string | undefined }
  | { readonly is: 'listing'; readonly why: ListReason }
  | {
      readonly is: 'listed';
      readonly why: ListReason;
      readonly since: string | undefined;
      readonly resourceVersion: string;
      /** `states`: what came between two listed states. `deletes`: and which unknown objects were deleted. */
      readonly lost: 'nothing' | 'states' | 'deletes';
      readonly found: Found;
    }
  /** An object was not told: its state is known already, is older than the known one, or was not asked for. */
  | { readonly is: 'suppressed'; readonly reason: SuppressionReason; readonly object: ObjectHead }
  /** What is known was compared with what the server had at our position; a difference is a change that it kept. */
  | { readonly is: 'audited'; readonly resourceVersion: string; readonly differences: number }
  /** Objects in namespaces that the source does not mean; told once for what was read at once. */
  | { readonly is: 'outside'; readonly objects: number }
  /** What was in namespaces that came into the scope is known now; `added` objects of it are told. */
  | { readonly is: 'entered'; readonly namespaces: readonly string[]; readonly added: number; readonly objects: number }
  /** It was not known what existed at our position; the server could still say. */
  | { readonly is: 'relearned'; readonly resourceVersion: string; readonly objects: number }
  /** What the stream is about is gone, as somebody else saw; so many objects were known that no watch said so of. */
  | { readonly is: 'vanished'; readonly objects: number }
  | { readonly is: 'malformed'; readonly sentence: string }
  /** The API server no longer serves the resource. */
  | { readonly is: 'gone'; readonly error: KubeError };

export type SuppressionReason = 'duplicate' | 'backInTime' | 'unselected';

/** What a list told, by kind of change, and how many objects are known after it. */
export interface Found {
  readonly objects: number;
  readonly added: number;
  readonly updated: number;
  readonly deleted: number;
}

/** The codes that a stream can be interrupted with: it creates nothing, so nothing of its own conflicts. */
export const INTERRUPTIONS: readonly KubeFailureCode[] = [
  'unreachable',
  'timedOut',
  'silent',
  'unauthorized',
  'forbidden',
  'notFound',
  'expired',
  'tooLargeResourceVersion',
  'invalid',
  'throttled',
  'serverError',
  'malformed',
  'credentials',
];
