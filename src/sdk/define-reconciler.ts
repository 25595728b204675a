import type { ReconciledObject, ReconcilerDefinition, ReconcilerIo } from './reconciler.ts';
import { startReconciler } from './start-reconciler.ts';

/** A reconciler, for `runController`. */
export interface Reconciler {
  readonly name: string;
  /** Reconciles until `signal` is aborted. */
  run(io: ReconcilerIo, signal: AbortSignal): Promise<void>;
}

/** Makes a reconciler. `T` is what is expected of an object: the schema of its kind has to see to it. */
export function defineReconciler<T extends ReconciledObject>(definition: ReconcilerDefinition<T>): Reconciler {
  return {
    name: definition.name,
    run: (io, signal) => startReconciler(definition, io, signal),
  };
}
