import { KubeError } from '../kube/errors.ts';
import { ListenError } from '../process/serve.ts';

/** What the last log line of a program tells: of what is wrong outside it a sentence, of a bug its stack as well. */
export function cannotRun(error: unknown): { readonly detail: string; readonly error?: unknown } {
  const detail = error instanceof Error ? error.message : String(error);
  return error instanceof KubeError || error instanceof ListenError ? { detail } : { detail, error };
}
