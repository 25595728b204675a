import { type ReadAttribute, attributeReader } from '../attribute.ts';
import type { CloudEvent } from '../cloud-event.ts';
import { mediaType } from '../media-type.ts';

/** The dialects that compare attributes with text; upper and lower case differ. */
export type AttributeDialect = 'exact' | 'prefix' | 'suffix';

type Compare = (found: string, wanted: string) => boolean;

const COMPARE: Readonly<Record<AttributeDialect, Compare>> = {
  exact: (found, wanted) => found === wanted,
  prefix: (found, wanted) => found.startsWith(wanted),
  suffix: (found, wanted) => found.endsWith(wanted),
};

/**
 * Passes an event whose attributes all compare well; a missing one does not. Booleans and integers compare as text.
 */
export function attributeFilter(
  dialect: AttributeDialect,
  wanted: readonly (readonly [name: string, text: string])[],
): (event: CloudEvent) => boolean {
  const compare = COMPARE[dialect];
  const attributes = wanted.map(([name, text]) => ({ read: readerOf(name), text }));
  return (event) =>
    attributes.every(({ read, text }) => {
      const found = read(event);
      return found !== undefined && compare(String(found), text);
    });
}

/** Upstream's filters also know the type of the data without its parameters (pkg/eventfilter/attributes). */
function readerOf(name: string): ReadAttribute {
  if (name !== 'datamediatype') return attributeReader(name);
  return (event) => (event.datacontenttype === undefined ? undefined : mediaType(event.datacontenttype));
}
