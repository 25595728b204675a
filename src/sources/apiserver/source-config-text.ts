import { goJson, sortedByKey } from '../../json/go-json.ts';
import { isEmptySelector, selectorText } from '../label-selector.ts';
import type { Spec, WatchedKind } from './spec.ts';

/** What of K_SOURCE_CONFIG the spec does not say. */
export interface SourceConfigFacts {
  /** Of the ApiServerSource. */
  readonly uid: string;
  /** Where each of `spec.resources` is found, in their order. */
  readonly resources: readonly { readonly group: string; readonly version: string; readonly plural: string }[];
  /** The names of the namespaces to watch, sorted; `followed`: the adapter finds out by the selector. */
  readonly namespaces: readonly string[] | 'followed';
  readonly deadLetterSink: { readonly uri: string; readonly CACerts?: string } | undefined;
  /** Upstream's reading of the annotation that skips the permission check. */
  readonly failFast: boolean;
}

/**
 * The text of `K_SOURCE_CONFIG`. Upstream's fields are byte for byte as upstream's controller writes them (struct order
 * of pkg/adapter/apiserver/config.go); ours come after them, where they are set or needed, and Go skips them.
 */
export function sourceConfigText(spec: Spec, facts: SourceConfigFacts): string {
  const { owner, mode, filters = [] } = spec;
  return goJson({
    ...namespaceFields(spec, facts),
    resources: spec.resources.map((kind, i) => resourceConfig(kind, facts.resources[i])),
    ...(owner !== undefined && { owner: { apiVersion: owner.apiVersion ?? '', kind: owner.kind } }),
    mode,
    ...(filters.length > 0 && { filters: filters.map((it) => inGoOrder(it)) }),
    ...(facts.failFast && { failFast: true }),
    ...(facts.namespaces === 'followed' && { namespaceSelector: selectorText(spec.namespaceSelector ?? {}) }),
    ...excludedNamespaces(spec, facts),
    ...(spec.initialEvents === 'All' && { initialEvents: 'All' }),
    // Without the uid the adapter could not say whom its Lease and ConfigMaps belong to.
    ...(spec.checkpoint !== 'None' && { sourceUid: facts.uid, checkpoint: spec.checkpoint }),
    ...(spec.gapEvents === true && { gapEvents: true }),
    ...deliveryField(spec, facts),
    ...payloadField(spec),
  });
}

/** Upstream writes the names of all namespaces beside `allNamespaces`, so that each new one restarts its adapter. */
function namespaceFields({ namespaceSelector }: Spec, { namespaces }: SourceConfigFacts) {
  const allNamespaces = namespaceSelector !== undefined && isEmptySelector(namespaceSelector);
  return { namespaces: allNamespaces || namespaces === 'followed' ? [] : namespaces, allNamespaces };
}

/** Where names are listed, those that are excluded are not among them. */
function excludedNamespaces({ namespaceSelector, namespaces }: Spec, facts: SourceConfigFacts) {
  const exclude = namespaces?.exclude ?? [];
  const isListed = facts.namespaces !== 'followed' && !(namespaceSelector && isEmptySelector(namespaceSelector));
  return exclude.length > 0 && !isListed ? { excludeNamespaces: exclude.toSorted() } : {};
}

function resourceConfig(kind: WatchedKind, found: SourceConfigFacts['resources'][number] | undefined) {
  const selector = selectorText(kind.selector ?? {});
  const { fieldSelector, when, changes = [], trigger, eventSeries, debounce } = kind;
  return {
    gvr: { Group: found?.group, Version: found?.version, Resource: found?.plural },
    ...(selector !== '' && { selector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
    ...(when !== undefined && { when }),
    ...(changes.length > 0 && { changes }),
    ...(trigger !== undefined && { trigger }),
    ...(eventSeries !== undefined && { eventSeries }),
    ...(debounce !== undefined && { debounce }),
  };
}

function deliveryField({ delivery }: Spec, { deadLetterSink }: SourceConfigFacts) {
  if (delivery === undefined) return {};
  const { deadLetterSink: _destination, ...rest } = delivery;
  if (Object.keys(rest).length === 0 && deadLetterSink === undefined) return {};
  return { delivery: { ...rest, ...(deadLetterSink !== undefined && { deadLetterSink }) } };
}

/** The key of its redaction comes to the adapter as a variable of its own. */
function payloadField({ payload }: Spec) {
  if (payload === undefined) return {};
  const { redactionKey: _variable, ...rest } = payload;
  return Object.keys(rest).length > 0 ? { payload: rest } : {};
}

/** In the order of upstream's SubscriptionsAPIFilter, with the attributes sorted as Go sorts maps. */
function inGoOrder(filter: unknown): unknown {
  if (Array.isArray(filter)) return filter.map((it) => inGoOrder(it));
  if (typeof filter !== 'object' || filter === null) return filter;
  const given: Readonly<Record<string, unknown>> = { ...filter };
  const entries = ['all', 'any', 'not', 'exact', 'prefix', 'suffix', 'cesql']
    .filter((dialect) => dialect in given)
    .map((dialect) => [
      dialect,
      isMap(dialect, given[dialect]) ? sortedByKey(given[dialect]) : inGoOrder(given[dialect]),
    ]);
  return Object.fromEntries(entries) as unknown;
}

function isMap(dialect: string, value: unknown): value is Record<string, unknown> {
  return ['exact', 'prefix', 'suffix'].includes(dialect) && typeof value === 'object' && value !== null;
}
