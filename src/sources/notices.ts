import { goJson } from '../json/go-json.ts';
import type { Notice } from '../reconcile/notice.ts';
import type { Destination } from '../reconcile/destination.ts';

/** What is told about a source, in the words of upstream's Kubernetes Events. */
export type SourceNotice = Omit<Notice, 'about'>;

/** @param namespace of the source, which is meant where the destination names none */
export function sinkNotFound({ ref, uri }: Destination, namespace: string | undefined): SourceNotice {
  const named = ref && {
    kind: ref.kind,
    namespace: ref.namespace || namespace,
    name: ref.name,
    apiVersion: ref.apiVersion,
  };
  return { type: 'Warning', reason: 'SinkNotFound', message: `Sink not found: ${goJson({ ref: named, uri })}` };
}

export function internalError(message: string): SourceNotice {
  return { type: 'Warning', reason: 'InternalError', message };
}
