import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { accessTo, answer, clientFor, scriptedServer } from './scripted-server.ts';

/** What goes wrong with a request: refused with this status, done and never answered, or never answered at all. */
export type Mishap = number | 'unanswered' | 'ignored';

export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/**
 * Keeps objects as an API server does: the first write of a name creates it, versions rise, and a write that is not of
 * the newest version conflicts. It ends with the test.
 */
export interface ObjectServer {
  readonly client: KubeClient;
  /** By path. A test may write here as well; the next version is then one above the highest. */
  readonly objects: Map<string, StoredObject>;
  /** All requests so far: `PUT index-0`. */
  readonly requests: readonly string[];
  /** Decides what goes wrong with each request from here on. */
  rule(decide: (request: string) => Mishap | undefined): void;
  /** Makes somebody else change an object. */
  touch(path: string, change?: Readonly<Record<string, unknown>>): void;
}

/** @param others answers requests for anything else; false: it is one for a stored object */
export async function objectServer(
  t: TestContext,
  others: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<ObjectServer> {
  const objects = new Map<string, StoredObject>();
  const requests: string[] = [];
  let decide: (request: string) => Mishap | undefined = () => undefined;
  let version = 100;

  const write = (path: string, body: StoredObject, before: StoredObject | undefined): StoredObject => {
    version++;
    const { uid = `uid-${version}` } = before?.metadata ?? {};
    const written = { ...body, metadata: { ...body.metadata, uid, resourceVersion: String(version) } };
    objects.set(path, written);
    return written;
  };

  const serve = (method: string, path: string, body: StoredObject | undefined): [status: number, answer: unknown] => {
    if (method === 'POST' && body !== undefined) {
      const created = `${path}/${body.metadata.name}`;
      return objects.has(created) ? refuse(409, 'AlreadyExists') : [201, write(created, body, undefined)];
    }
    const found = objects.get(path);
    // Server-side apply; whoever made it first is somebody else.
    if (method === 'PATCH' && body !== undefined) {
      return found === undefined ? [201, write(path, body, undefined)] : refuse(409, 'Conflict');
    }
    if (found === undefined) return refuse(404, 'NotFound');
    if (method === 'GET' || body === undefined) return [200, found];
    const isNewest = body.metadata.resourceVersion === found.metadata.resourceVersion;
    return isNewest ? [200, write(path, body, found)] : refuse(409, 'Conflict');
  };

  const server = await scriptedServer((request, response) => {
    if (!others(request, response)) void handle(request, response);
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '' } = request;
    const url = (request.url ?? '').replace(/\?.*$/, '');
    const body = await bodyOf(request);
    const named = `${method} ${(body?.metadata.name ?? url).split('/').at(-1)}`;
    requests.push(named);
    const mishap = decide(named);
    if (mishap === 'ignored') return;
    const [status, content] = typeof mishap === 'number' ? refuse(mishap, '') : serve(method, url, body);
    if (mishap === 'unanswered') response.destroy();
    else answer(response, status, content);
  };
  t.after(() => server[Symbol.asyncDispose]());

  return {
    client: clientFor(t, accessTo(server.url)),
    objects,
    requests,
    rule: (next) => {
      decide = next;
    },
    touch: (path, change = {}) => {
      const found = objects.get(path);
      if (found === undefined) throw new Error(`There is no ${path}.`);
      write(path, { ...found, ...change }, found);
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<StoredObject | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as StoredObject);
}

function refuse(code: number, reason: string): [status: number, answer: unknown] {
  return [code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: reason }];
}
