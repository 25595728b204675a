import type { Credentials } from './access.ts';
import type { HttpRequest } from './http.ts';

/** What is asked of the API server. */
export interface KubeRequest {
  /** Default: GET. */
  readonly method?: HttpRequest['method'];
  /** From the root of the API server, percent-encoded: `/api/v1/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Default: `application/json`. */
  readonly accept?: string;
  /** Default, where there is a body: `application/json`. */
  readonly contentType?: string;
  /** Sent as JSON; text and bytes as they are. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** For the whole exchange; of a stream, for its headers. Default: 30 s without progress. */
  readonly timeoutMs?: number;
}

/** For messages. The query stays out: it is long, and the path says what was asked. */
export function nameOf({ method = 'GET', path }: KubeRequest): string {
  return `${method} ${path}`;
}

/** The request as it goes out. `server` may have a path of its own, as behind a proxy for several clusters. */
export function httpRequest(
  request: KubeRequest,
  { authorization, impersonate }: Credentials,
  to: { readonly server: URL; readonly userAgent: string },
): HttpRequest {
  const {
    method = 'GET',
    timeoutMs,
    signal,
    body,
    accept = 'application/json',
    contentType = 'application/json',
  } = request;
  return {
    origin: to.server.origin,
    method,
    path: to.server.pathname.replace(/\/$/, '') + request.path + queryOf(request),
    headers: {
      'user-agent': to.userAgent,
      accept,
      ...(body !== undefined && { 'content-type': contentType }),
      ...(authorization !== undefined && { authorization }),
      ...(impersonate !== undefined && { 'impersonate-user': impersonate }),
    },
    body: bodyOf(body),
    signal,
    ...(timeoutMs !== undefined && { headersTimeout: timeoutMs }),
  };
}

function queryOf({ query = {} }: KubeRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

function bodyOf(body: unknown): string | Uint8Array | null {
  if (body === undefined) return null;
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}
