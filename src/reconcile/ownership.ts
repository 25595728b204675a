import type { KubeObject } from '../kube/object.ts';
import type { OwnerReference } from '../kube/owner-reference.ts';

/** By this name the API server remembers which fields are ours; another one would make us a stranger to our objects. */
export const FIELD_MANAGER = 'watchbridge';

/** The owner that manages an object. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/**
 * Whether we may write a live object: it has the same controller as the wanted one, or, where the wanted one has none,
 * no controller and fields that we applied.
 *
 * @param known whether this process applied it already
 */
export function isOurs(live: KubeObject, wanted: KubeObject, known: boolean): boolean {
  const controller = controllerOf(live);
  const wantedController = controllerOf(wanted);
  if (wantedController !== undefined) return controller?.uid === wantedController.uid;
  return controller === undefined && (known || hasAppliedFields(live));
}

/** As metav1.ManagedFieldsEntry tells, which informers do not keep. */
function hasAppliedFields(object: KubeObject): boolean {
  const { managedFields = [] } = object.metadata as {
    readonly managedFields?: readonly { readonly manager?: string; readonly operation?: string }[];
  };
  return managedFields.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply');
}
