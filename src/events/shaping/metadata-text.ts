import { findValue, memberSlot, findMember, NOT_JSON, stringValue } from '../../json/scan.ts';

const METADATA = Buffer.from('metadata');
const SETS = { labels: Buffer.from('labels'), annotations: Buffer.from('annotations') };

/** The value of a label or an annotation of the object in `bytes`; undefined where it has none that is a text. */
export function metadataText(bytes: Buffer, of: 'labels' | 'annotations', key: Uint8Array): string | undefined {
  const member = memberSlot();
  const metadata = findValue(bytes, 0, METADATA, member);
  if (metadata === NOT_JSON) return undefined;
  const set = findValue(bytes, metadata, SETS[of], member);
  if (set === NOT_JSON || !findMember(bytes, set, key, member)) return undefined;
  return stringValue(bytes, member.value, member.end);
}
