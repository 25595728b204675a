import { isEmptySelector, selectorText } from '../sources/label-selector.ts';
import type { Spec } from '../sources/apiserver/spec.ts';
import type { Target } from '../sources/apiserver/watched.ts';

/** A watch that the adapter would open, or one in each of some namespaces. */
export interface PlannedStream {
  readonly kind: string;
  /** As kubectl writes it: `deployments.v1.apps`. */
  readonly resource: string;
  readonly scope: string;
  /** Label and field selectors in the API server's syntax; empty: every object. */
  readonly selectors: string;
}

/** The streams of a source, in the order of its `resources`. */
export function plannedStreams(spec: Spec, target: Target): readonly PlannedStream[] {
  return spec.resources.map((entry, i) => {
    const { group = '', version = '', plural = '', namespaced = true } = target.resources[i] ?? {};
    const selectors = [
      selectorText(entry.selector ?? {}),
      entry.fieldSelector === undefined ? '' : `fields ${entry.fieldSelector}`,
    ];
    return {
      kind: entry.kind,
      resource: [plural, version, group].filter((part) => part !== '').join('.'),
      scope: namespaced ? scopeOf(spec, target) : 'cluster',
      selectors: selectors.filter((text) => text !== '').join('; '),
    };
  });
}

function scopeOf({ namespaceSelector, namespaces }: Spec, { names, namespaces: watched }: Target): string {
  const excluded = namespaces?.exclude ?? [];
  const but = excluded.length === 0 ? '' : ` but ${excluded.join(', ')}`;
  if (watched === 'all') return `all namespaces${but}`;
  if (namespaceSelector === undefined || isEmptySelector(namespaceSelector)) return names.join(', ');
  return `namespaces with ${selectorText(namespaceSelector)}${but}, ${names.length} now`;
}
