import { isDeepStrictEqual } from 'node:util';
import { Pool } from 'undici';
import type { Admin } from '../test/support/admin.ts';
import { monotonicMicroseconds } from './measure.ts';
import { type Asked, openLoop } from './open-loop.ts';
import type { Speed } from './steady.ts';
import { bindableOf, type Case, type Workload } from './webhook-objects.ts';

/**
 * What came of an admission. `refused`: no answer, or one with an error. `unbound`: it was to be told its sink, and was
 * not. `altered`: it was changed in another way than it should be, or should not have been changed at all.
 */
export interface Verdict {
  readonly case: Case;
  readonly is: 'right' | 'refused' | 'unbound' | 'altered';
  readonly detail?: string;
}

/** As many as the API server keeps idle (client-go's transport, idleConnsPerHost). */
const CONNECTIONS = 25;
/** So that every certificate is met by new connections. */
const NEW_CONNECTIONS_EVERY_MS = 2_000;

/** Asks the webhook itself, over connections that are kept for a while. */
export async function reviewDirectly(
  speed: Speed,
  { port, authorities }: { readonly port: number; readonly authorities: () => string },
  caseOf: (number: number) => Case,
): Promise<readonly Asked<Verdict>[]> {
  const open = () =>
    new Pool(`https://127.0.0.1:${port}`, { connections: CONNECTIONS, connect: { ca: authorities() } });
  let pool = open();
  const renewing = setInterval(() => {
    const old = pool;
    pool = open();
    void old.close();
  }, NEW_CONNECTIONS_EVERY_MS);
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  try {
    return await openLoop(speed, async (number): Promise<Verdict> => {
      const it = caseOf(number);
      const body = JSON.stringify(reviewOf(it, `uid-${monotonicMicroseconds()}`));
      try {
        const request = { method: 'POST', path: '/sinkbindings?timeout=2s', headers, body } as const;
        const { statusCode, body: answered } = await pool.request(request);
        const text = await answered.text();
        if (statusCode !== 200) return { case: it, is: 'refused', detail: `${statusCode} ${text}` };
        return verdictOn(it, patched(it.object, text));
      } catch (error) {
        return { case: it, is: 'refused', detail: String(error) };
      }
    });
  } finally {
    clearInterval(renewing);
    await pool.close();
  }
}

/** Creates objects through the API server, which asks the webhook about some, and stores none. */
export async function createThroughServer(
  speed: Speed,
  admin: Admin,
  caseOf: (number: number) => Case,
): Promise<readonly Asked<Verdict>[]> {
  return await openLoop(speed, async (number): Promise<Verdict> => {
    const it = caseOf(number);
    const { group, version } = it.kind;
    const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const path = `${base}/namespaces/${it.namespace}/${it.plural}?dryRun=All`;
    try {
      const { status, text } = await admin.request('POST', path, it.object);
      if (status !== 201) return { case: it, is: 'refused', detail: `${status} ${text}` };
      return verdictOn(it, JSON.parse(text) as Workload);
    } catch (error) {
      return { case: it, is: 'refused', detail: String(error) };
    }
  });
}

function verdictOn(it: Case, stored: Workload): Verdict {
  const [before, wanted, found] = [it.object, it.wanted, stored].map(bindableOf);
  if (isDeepStrictEqual(found, wanted)) return { case: it, is: 'right' };
  return { case: it, is: isDeepStrictEqual(found, before) ? 'unbound' : 'altered', detail: JSON.stringify(found) };
}

/** As the API server asks (admission.k8s.io/v1), with the fields that it adds to an object before. */
function reviewOf({ kind, plural, namespace, object }: Case, uid: string): object {
  const { group, version } = kind;
  const resource = { group, version, resource: plural };
  const managedFields = [{ manager: 'bench', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: shapeOf(object) }];
  const metadata = { ...object.metadata, namespace, uid: `object-${uid}`, generation: 1, managedFields };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: object.metadata.name,
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'bench', groups: ['system:masters', 'system:authenticated'] },
      object: { apiVersion: group === '' ? version : `${group}/${version}`, kind: kind.kind, ...object, metadata },
      oldObject: null,
      dryRun: true,
      options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
    },
  };
}

/** Something of the size that managedFields have. */
function shapeOf(value: unknown): object {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, shapeOf(inner)]));
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** The object as the API server would store it: RFC 6902, as far as a binding needs it. */
function patched(object: Workload, answer: string): Workload {
  const { response } = JSON.parse(answer) as { response: { allowed: boolean; patch?: string } };
  if (!response.allowed) throw new Error(`not allowed: ${answer}`);
  if (response.patch === undefined) return object;
  const copy = structuredClone(object);
  for (const { op, path, value } of JSON.parse(Buffer.from(response.patch, 'base64').toString()) as Operation[]) {
    if (op !== 'add' && op !== 'replace') throw new Error(`an operation that binding does not need: ${op} ${path}`);
    const fields = path
      .split('/')
      .slice(1)
      .map((it) => it.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = fields.pop() ?? '';
    let target: Record<string, unknown> = copy;
    for (const field of fields) target = target[field] as Record<string, unknown>;
    target[last] = value;
  }
  return copy;
}
