/** What the scripted API server answers to everything but watches. */
export interface Store {
  /** `head` is the resourceVersion that lists carry. */
  handle(method: string, path: string, body: Buffer, head: string): { status: number; body: object };
}

interface Stored {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

const resource = (name: string, kind: string) => ({ name, singularName: '', namespaced: true, kind, verbs: VERBS });

const FIXED: Record<string, object> = {
  '/version': { major: '1', minor: '36', gitVersion: 'v1.36.2' },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [resource('configmaps', 'ConfigMap'), resource('events', 'Event'), resource('pods', 'Pod')],
  },
  '/apis/coordination.k8s.io/v1': {
    kind: 'APIResourceList',
    groupVersion: 'coordination.k8s.io/v1',
    resources: [resource('leases', 'Lease')],
  },
  '/api/v1/namespaces/kube-system': {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name: 'kube-system', uid: 'b3a1a0f4-5a59-4e0a-8e0b-6e3b8f7a9f10', resourceVersion: '4' },
  },
};

/** The path of a resource, in one namespace or in all. */
const COLLECTION = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+)?\/[^/]+$/;

/**
 * Keeps the objects that a client stores for itself (its Lease, its ConfigMaps), with a resourceVersion that grows and
 * the 404 and 409 that decide who creates and who is late. Every review is allowed; every list is empty.
 */
export function createStore(): Store {
  const objects = new Map<string, Stored>();
  let version = 0;

  function put(path: string, body: Record<string, unknown>): Stored {
    version += 1;
    const metadata = { ...(body['metadata'] as object), name: nameIn(path), resourceVersion: String(version) };
    const stored = { ...body, metadata };
    objects.set(path, stored);
    return stored;
  }

  function write(method: string, path: string, body: Record<string, unknown>) {
    const before = objects.get(path);
    const given = (body['metadata'] as { resourceVersion?: string } | undefined)?.resourceVersion;
    if (before !== undefined && given !== undefined && given !== before.metadata.resourceVersion) {
      return failure(409, 'Conflict');
    }
    if (before === undefined && method === 'PUT') return failure(404, 'NotFound');
    return { status: before === undefined ? 201 : 200, body: put(path, { ...before, ...body }) };
  }

  function create(path: string, body: Record<string, unknown>) {
    if (String(body['kind']).endsWith('Review')) return { status: 201, body: { ...body, status: { allowed: true } } };
    const given = body['metadata'] as { name?: string; generateName?: string } | undefined;
    const whole = `${path}/${given?.name ?? `${given?.generateName ?? ''}${version + 1}`}`;
    return objects.has(whole) ? failure(409, 'AlreadyExists') : { status: 201, body: put(whole, body) };
  }

  function read(path: string, head: string) {
    const found = FIXED[path] ?? objects.get(path);
    if (found !== undefined) return { status: 200, body: found };
    if (!COLLECTION.test(path)) return failure(404, 'NotFound');
    return { status: 200, body: { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: head }, items: [] } };
  }

  return {
    handle(method, path, bytes, head) {
      const body = bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as Record<string, unknown>);
      switch (method) {
        case 'GET':
          return read(path, head);
        case 'POST':
          return create(path, body);
        case 'PUT':
        case 'PATCH':
          return write(method, path, body);
        case 'DELETE':
          return objects.delete(path)
            ? { status: 200, body: { kind: 'Status', status: 'Success' } }
            : failure(404, 'NotFound');
        default:
          return failure(405, 'MethodNotAllowed');
      }
    },
  };
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function failure(status: number, reason: string) {
  return {
    status,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code: status, message: reason },
  };
}
