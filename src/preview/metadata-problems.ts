import { isDnsLabel, isDnsSubdomain } from '../kube/names.ts';
import { isObject, unknownFields } from './check-schema.ts';
import { type Path, type Problem, shown } from './problem.ts';

/** metav1.ObjectMeta. */
const FIELDS = [
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'labels',
  'managedFields',
  'name',
  'namespace',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];
const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/;
/** apimachinery, TotalAnnotationSizeLimitB. */
const MOST_ANNOTATION_BYTES = 256 * 1024;

/** What the API server has against an object's metadata, whatever its kind (apimachinery, ValidateObjectMeta). */
export function metadataProblems(metadata: unknown): Problem[] {
  const path: Path = ['metadata'];
  if (metadata === undefined || metadata === null) {
    return [{ path, at: 'key', message: 'expected metadata with a name; found none', blocking: true }];
  }
  if (!isObject(metadata)) {
    const message = `expected an object with a name; found ${shown(metadata)}`;
    return [{ path, at: 'value', message, blocking: true }];
  }
  return [
    ...unknownFields(metadata, FIELDS, path),
    ...nameProblems(metadata),
    ...namespaceProblems(metadata['namespace']),
    ...mapProblems(metadata['labels'], 'labels', (value) =>
      LABEL_VALUE.test(value)
        ? undefined
        : `expected a label value of at most 63 letters, digits, '-', '_' and '.'; found ${shown(value)}`,
    ),
    ...mapProblems(metadata['annotations'], 'annotations', () => undefined),
    ...sizeProblems(metadata['annotations']),
  ];
}

function nameProblems({ name, generateName }: Record<string, unknown>): Problem[] {
  const path = ['metadata', 'name'];
  if (name === undefined || name === null || name === '') {
    const isGenerated = typeof generateName === 'string' && generateName !== '';
    return isGenerated ? [] : [{ path, at: 'key', message: 'expected a name; found none', blocking: true }];
  }
  if (typeof name !== 'string') {
    const message = `expected a text; found ${shown(name)}; write it in quotes`;
    return [{ path, at: 'value', message, blocking: true }];
  }
  if (isDnsSubdomain(name)) return [];
  const message = `expected lower-case letters, digits, '-' and '.', such as shop-events; found ${shown(name)}`;
  return [{ path, at: 'value', message }];
}

function namespaceProblems(namespace: unknown): Problem[] {
  if (namespace === undefined || namespace === null || namespace === '') return [];
  if (typeof namespace === 'string' && isDnsLabel(namespace)) return [];
  const message = `expected the name of a namespace, such as shop; found ${shown(namespace)}`;
  return [{ path: ['metadata', 'namespace'], at: 'value', message }];
}

function mapProblems(map: unknown, name: string, problemOf: (value: string) => string | undefined): Problem[] {
  const path = ['metadata', name];
  if (map === undefined || map === null) return [];
  if (!isObject(map)) return [{ path, at: 'value', message: `expected names and texts; found ${shown(map)}` }];
  return Object.entries(map).flatMap(([key, value]): Problem[] => {
    const inside = [...path, key];
    const found: Problem[] = [];
    if (!KEY.test(key)) {
      const wrongKey = `expected a key such as app or example.com/team; found ${shown(key)}`;
      found.push({ path: inside, at: 'key', message: wrongKey });
    }
    // Null is no text to YAML, and an empty one to the API server.
    const message =
      value === null
        ? undefined
        : typeof value === 'string'
          ? problemOf(value)
          : `expected a text; found ${shown(value)}; write it in quotes`;
    if (message !== undefined) found.push({ path: inside, at: 'value', message });
    return found;
  });
}

function sizeProblems(annotations: unknown): Problem[] {
  if (!isObject(annotations)) return [];
  const bytes = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(typeof value === 'string' ? value : ''),
    0,
  );
  if (bytes <= MOST_ANNOTATION_BYTES) return [];
  const message = `expected at most ${MOST_ANNOTATION_BYTES} bytes of annotations; found ${bytes}`;
  return [{ path: ['metadata', 'annotations'], at: 'value', message }];
}
