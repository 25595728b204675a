import { findMember, memberSlot } from '../json/scan.ts';

/** `owner` of an ApiServerSource. An empty field matches everything, as upstream. */
export interface OwnerFilter {
  readonly apiVersion: string;
  readonly kind: string;
}

interface OwnerReference {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly controller?: unknown;
}

const METADATA = Buffer.from('metadata');
const OWNER_REFERENCES = Buffer.from('ownerReferences');

/**
 * Whether the object in `bytes` is controlled by an owner of the wanted kind: the reference with `controller: true`
 * decides, other owners and owners of owners do not (upstream: pkg/adapter/apiserver/filter.go).
 */
export function isOwnedBy(bytes: Buffer, owner: OwnerFilter): boolean {
  const controller = ownerReferences(bytes).find((reference) => reference.controller === true);
  if (controller === undefined) return false;
  return matches(owner.apiVersion, controller.apiVersion) && matches(owner.kind, controller.kind);
}

function ownerReferences(bytes: Buffer): OwnerReference[] {
  const member = memberSlot();
  if (!findMember(bytes, 0, METADATA, member)) return [];
  if (!findMember(bytes, member.value, OWNER_REFERENCES, member)) return [];
  try {
    const list: unknown = JSON.parse(bytes.toString('utf8', member.value, member.end));
    return Array.isArray(list) ? (list.filter((it) => typeof it === 'object' && it !== null) as OwnerReference[]) : [];
  } catch {
    return [];
  }
}

function matches(wanted: string, found: unknown): boolean {
  return wanted === '' || wanted === found;
}
