import { createHash } from 'node:crypto';
import { scopeHash } from '../events/event-id.ts';
import type { Origin } from '../events/from-change.ts';
import type { Resource } from '../kube/resource.ts';
import type { AdapterConfig } from './config.ts';
import { resourceName } from './find-resource.ts';
import { EVERY_RESOURCE, type ResourceConfig, type SourceConfig } from './source-config.ts';

/** Which part of the cluster a stream is about. */
export type Place =
  /** The whole cluster, or a cluster-scoped kind. */
  | { readonly is: 'cluster' }
  /** The whole cluster but the namespaces that are excluded, or those that the selector matches. */
  | { readonly is: 'selected' }
  | { readonly is: 'namespace'; readonly name: string }
  /** A namespace that the selector matches at the moment. */
  | { readonly is: 'matching'; readonly name: string };

type StreamKeys = Pick<ReadonlySet<string>, 'has'>;

/** The keys of all streams that the source may come to have; which of them depends on what is namespaced. */
export function streamKeys({ source }: AdapterConfig): Set<string> {
  const places = staticPlaces(source);
  return new Set(source.resources.flatMap((wanted) => places.map((place) => staticKey(wanted, place, source))));
}

/** The same, with those that come and go: of namespaces that match, and of resources that `*` stands for. */
export function possibleStreams(config: AdapterConfig): StreamKeys {
  const keys = streamKeys(config);
  return { has: (key) => keys.has(key) || (key[KEY_LENGTH] === '.' && keys.has(key.slice(0, KEY_LENGTH))) };
}

/** Whether two entries can name the same resource, so that one change can come out of two streams. */
export function streamsOverlap({ source }: AdapterConfig): boolean {
  const seen = new Set<string>();
  return source.resources.some(({ gvr }, index) => {
    const name = resourceName(gvr);
    const twice = seen.has(name);
    seen.add(name);
    const version = ({ Group, Version }: typeof gvr): string => `${Version}.${Group}`;
    const others = source.resources.filter((_, other) => other !== index);
    const every = gvr.Resource === EVERY_RESOURCE && others.some((other) => version(other.gvr) === version(gvr));
    return twice || every;
  });
}

/** What a person calls the stream: the resource, its selectors, which entry of those with the same, and where. */
export function streamName(
  entry: ResourceConfig,
  gvr: ResourceConfig['gvr'],
  place: Place,
  source: SourceConfig,
): string {
  const { selector = '', fieldSelector = '' } = entry;
  const selected = [selector, fieldSelector].map((text) => (text === '' ? '' : `[${text}]`)).join('');
  const twin = twinOf(entry, source);
  const which = twin === 0 ? '' : `#${twin + 1}`;
  return `${resourceName(gvr)}${selected}${which}${whereOf(place, source.namespaceSelector)}`;
}

/**
 * What names the stream in a checkpoint: whose it is, all that decides which objects it holds, and nothing else. A
 * source that is made anew under an old name begins anew. Namespaces that match and resources that are served come
 * and go, so what names them stands after a dot.
 */
export function streamKey(
  wanted: ResourceConfig,
  gvr: ResourceConfig['gvr'],
  place: Place,
  source: SourceConfig,
): string {
  const base = staticKey(wanted, place.is === 'matching' ? { is: 'selected' } : place, source);
  const passing = [
    ...(wanted.gvr.Resource === EVERY_RESOURCE ? [gvr.Resource] : []),
    ...(place.is === 'matching' ? ['in', place.name] : []),
  ];
  return passing.length === 0 ? base : `${base}.${hash(passing)}`;
}

/** @param server the URL of the API server */
export function originOf(resource: Resource, config: AdapterConfig, server: string): Origin {
  const { mode, sourceUid } = config.source;
  const source = sourceUid ?? `${config.namespace}/${config.name}`;
  const scope = scopeHash({ source, group: resource.group, version: resource.version, plural: resource.plural, mode });
  return { server, resource, mode, scope, overrides: config.overrides };
}

/** The namespaces that `namespaces` names and nothing excludes. */
export function namedNamespaces({ namespaces, excludeNamespaces = [] }: SourceConfig): string[] {
  return namespaces.filter((name) => !excludeNamespaces.includes(name));
}

const KEY_LENGTH = 12;

function staticPlaces(source: SourceConfig): Place[] {
  const named = namedNamespaces(source).map((name): Place => ({ is: 'namespace', name }));
  const selects = source.namespaceSelector !== undefined || (source.excludeNamespaces ?? []).length > 0;
  return [{ is: 'cluster' }, ...(selects ? [{ is: 'selected' } as const] : []), ...named];
}

function staticKey(entry: ResourceConfig, place: Place, source: SourceConfig): string {
  const { gvr, selector, fieldSelector = '' } = entry;
  const twin = twinOf(entry, source);
  const { owner, sourceUid } = source;
  const objects = [gvr.Group, gvr.Version, gvr.Resource, selector ?? '', namespaceOf(place), owner ?? null];
  const ours = [
    ...(fieldSelector === '' ? [] : [fieldSelector]),
    ...(place.is === 'selected' ? [scopeOf(source)] : []),
    ...(twin === 0 ? [] : [{ twin }]),
  ];
  return hash([sourceUid ?? '', ...objects, ...ours]);
}

/**
 * How many entries before this one are of the same objects. Entries that differ only in which changes they tell are
 * streams of their own; what they tell is not what names them, so that it can be changed and the stream goes on.
 */
function twinOf(entry: ResourceConfig, { resources }: SourceConfig): number {
  const twins = resources.filter((other) => objectsOf(other) === objectsOf(entry));
  return Math.max(0, twins.indexOf(entry));
}

function objectsOf({ gvr, selector = '', fieldSelector = '' }: ResourceConfig): string {
  return JSON.stringify([gvr.Group, gvr.Version, gvr.Resource, selector, fieldSelector]);
}

/** What a selector matches changes while a stream runs and while none does; what is excluded is always the same. */
function scopeOf({ namespaceSelector, excludeNamespaces = [] }: SourceConfig): object {
  return namespaceSelector === undefined ? { but: excludeNamespaces.toSorted() } : { selected: true };
}

function namespaceOf(place: Place): string {
  return place.is === 'namespace' || place.is === 'matching' ? place.name : '';
}

function whereOf(place: Place, namespaceSelector: string | undefined): string {
  switch (place.is) {
    case 'cluster':
      return '';
    case 'selected':
      return namespaceSelector === undefined ? '' : ` in namespaces[${namespaceSelector}]`;
    case 'namespace':
    case 'matching':
      return ` in ${place.name}`;
  }
}

function hash(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, KEY_LENGTH);
}
