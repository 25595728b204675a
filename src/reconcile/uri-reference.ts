/** RFC 3986, appendix B: scheme, authority, path, query, fragment. Matches any text. */
const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

/**
 * What a URI reference means beside an absolute URI with a host (RFC 3986, section 5.2). Nothing is encoded or
 * otherwise rewritten: what is not touched by the reference stays letter by letter, as `http://sink` does.
 */
export function resolveReference(base: string, reference: string): string {
  const from = partsOf(base);
  const to = partsOf(reference);
  if (to.scheme !== undefined) return compose({ ...to, path: withoutDots(to.path) });
  if (to.authority !== undefined) return compose({ ...to, scheme: from.scheme, path: withoutDots(to.path) });
  const origin = { scheme: from.scheme, authority: from.authority, fragment: to.fragment };
  if (to.path === '') return compose({ ...origin, path: from.path, query: to.query ?? from.query });
  const path = to.path.startsWith('/') ? to.path : merged(from.path, to.path);
  return compose({ ...origin, path: withoutDots(path), query: to.query });
}

interface Parts {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string | undefined;
}

function partsOf(text: string): Parts {
  const [, scheme, authority, path = '', query, fragment] = PARTS.exec(text) ?? [];
  return { scheme, authority, path, query, fragment };
}

function merged(base: string, path: string): string {
  return base === '' ? `/${path}` : base.slice(0, base.lastIndexOf('/') + 1) + path;
}

function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const isDots = segment === '.' || segment === '..';
    // The empty one before the first slash is not a segment that `..` could take back.
    if (segment === '..' && kept.length > 1) kept.pop();
    if (!isDots) kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return kept.join('/');
}

function compose({ scheme, authority, path, query, fragment }: Parts): string {
  return [
    scheme === undefined ? '' : `${scheme}:`,
    authority === undefined ? '' : `//${authority}`,
    path,
    query === undefined ? '' : `?${query}`,
    fragment === undefined ? '' : `#${fragment}`,
  ].join('');
}
