import type { ReadReport } from '../../adapter/source-report.ts';
import type { Found } from '../../kube/discovery.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { ResolvedSink } from '../../reconcile/resolve-sink.ts';
import type { Deployment } from '../../reconcile/deployment.ts';
import type { Installation } from './deployment.ts';
import type { ApiServerSource } from './spec.ts';

/** All that a plan depends on. */
export interface Facts {
  readonly source: ApiServerSource;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly installation: Installation;
  readonly sink: ResolvedSink;
  /** Undefined: the source wants none. */
  readonly deadLetterSink: ResolvedSink | undefined;
  /** PEM certificates of the installation that sinks may be signed by, beside their own. */
  readonly authorities: string;
  /** What discovery says of each of `spec.resources`. */
  readonly found: readonly Found[];
  /** The names of the namespaces that `spec.namespaceSelector` selects; empty where there is none. */
  readonly matchingNamespaces: readonly string[];
  /** What the account may not do of what the target needs, as {@link missingRights} says it. */
  readonly missingRights: string | undefined;
  /** Whether the account may list and watch namespaces. */
  readonly mayFollowNamespaces: boolean;
  /**
   * Whether the policies are in force that ask for the rights of a source's author, without which nothing is granted.
   * Only asked with `rbac: Managed`.
   */
  readonly authorsAreAsked: boolean;
  /** What the API server would not have of what was applied, or belongs to somebody else. */
  readonly obstacles: readonly Obstacle[];
  /** As the API server has it. */
  readonly deployment: Deployment | undefined;
  /** The roles and bindings that there are for this source, wherever they are. */
  readonly granted: readonly KubeObject[];
  readonly report: ReadReport;
}

export interface Obstacle {
  /** Of the object that could not be made as wanted. */
  readonly kind: string;
  readonly sentence: string;
}
