import { Pool } from 'undici';

/** What every Kubernetes object has, and nothing that a test does not need to name. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** A body to write: `metadata` may hold `generateName` in place of `name`, and a patch may hold anything. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * A small client of the API server for tests, with nothing of the code under test in it: what it says is the truth
 * that the code is measured by. Paths are the API's own, for example `/api/v1/namespaces/default/configmaps/a`.
 * Every call throws an {@link AdminError} when the server answers with another status than 2xx.
 */
export interface Admin extends AsyncDisposable {
  create(path: string, body: Body): Promise<KubeObject>;
  get(path: string): Promise<KubeObject>;
  /** The items of a list, with the `resourceVersion` of the list. */
  list(path: string): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }>;
  /** A merge patch (RFC 7386); it works for built-in and custom resources alike. */
  patch(path: string, body: Body): Promise<KubeObject>;
  replace(path: string, body: Body): Promise<KubeObject>;
  delete(path: string): Promise<void>;
  /** Any request; for what the other calls do not say. */
  request(method: Method, path: string, body?: Body, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<void>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The API server refused. `message` is its own, after the request it answers. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;
  /** The `reason` of the server's Status, for example `NotFound`; empty when it sent none. */
  readonly reason: string;

  constructor(request: string, answer: Answer) {
    const status = parseStatus(answer.text);
    super(`${request}: ${answer.status} ${status.message ?? answer.text.slice(0, 300)}`);
    this.status = answer.status;
    this.reason = status.reason ?? '';
  }
}

/** Connects to `server` as the owner of `token`. Up to `connections` requests are in flight; more wait their turn. */
export function createAdmin(options: {
  readonly server: string;
  readonly caPem: string;
  readonly token: string;
  readonly connections?: number;
}): Admin {
  const pool = new Pool(options.server, { connections: options.connections ?? 32, connect: { ca: options.caPem } });
  const authorization = `Bearer ${options.token}`;

  const request: Admin['request'] = async (method, path, body, headers) => {
    const response = await pool.request({
      method,
      path,
      headers: { authorization, accept: 'application/json', 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.statusCode, text: await response.body.text() };
  };
  const call = async (
    method: Method,
    path: string,
    body?: Body,
    headers?: Record<string, string>,
  ): Promise<unknown> => {
    const answer = await request(method, path, body, headers);
    if (answer.status < 200 || answer.status > 299) throw new AdminError(`${method} ${path}`, answer);
    return JSON.parse(answer.text);
  };
  const close = async (): Promise<void> => {
    await pool.destroy();
  };

  return {
    create: async (path, body) => (await call('POST', path, body)) as KubeObject,
    get: async (path) => (await call('GET', path)) as KubeObject,
    list: async (path) => {
      const list = (await call('GET', path)) as { items: KubeObject[]; metadata: { resourceVersion: string } };
      return { items: list.items, resourceVersion: list.metadata.resourceVersion };
    },
    patch: async (path, body) =>
      (await call('PATCH', path, body, { 'content-type': 'application/merge-patch+json' })) as KubeObject,
    replace: async (path, body) => (await call('PUT', path, body)) as KubeObject,
    delete: async (path) => {
      await call('DELETE', path);
    },
    request,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function parseStatus(text: string): { message?: string; reason?: string } {
  try {
    return JSON.parse(text) as { message?: string; reason?: string };
  } catch {
    return {};
  }
}
