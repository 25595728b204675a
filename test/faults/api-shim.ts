import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import type { Scope } from '../support/scope.ts';

/** A request to the API server. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
}

/** An answer in place of the API server's. */
export type Instead = 'reset' | { readonly status: number; readonly headers?: OutgoingHttpHeaders };

/** Stands between the adapter, which speaks plain HTTP to it, and the API server, and lies as it is told. */
export interface ApiShim {
  readonly url: string;
  /** Everything that was asked, as `METHOD path`, with `(watch)` after a watch. */
  readonly asked: readonly string[];
  /** Decides about each request; undefined has the API server answer. */
  instead(rule: (asked: Asked) => Instead | undefined): void;
  /** Turns each line of a watch into the lines that the adapter gets. */
  lines(rule: (line: string, asked: Asked) => readonly string[]): void;
  /** Lets nothing more through on the watches that are open now, and keeps them open. */
  freeze(): void;
  /** Ends the watches that are open now, as the API server does now and then. */
  endWatches(): void;
  /** The API server answers everything as it is again. */
  heal(): void;
}

interface OpenWatch {
  frozen: boolean;
  readonly end: () => void;
}

const AS_IT_IS = (line: string): readonly string[] => [line];

export async function apiShim(
  scope: Scope,
  upstream: { readonly server: string; readonly caPem: string },
): Promise<ApiShim> {
  const pool = new Pool(upstream.server, { connections: null, bodyTimeout: 0, connect: { ca: upstream.caPem } });
  const asked: string[] = [];
  const watches = new Set<OpenWatch>();
  let instead: (it: Asked) => Instead | undefined = () => undefined;
  let lines: (line: string, it: Asked) => readonly string[] = AS_IT_IS;

  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const it = describe(request);
    asked.push(`${it.method} ${it.path}${it.isWatch ? ' (watch)' : ''}`);
    const other = instead(it);
    if (other !== undefined) {
      await answerInstead(other, request, response);
      return;
    }
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const { connection: _connection, host: _host, 'content-length': _length, ...headers } = request.headers;
    const body: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) body.push(chunk);
    const answer = await pool.request({
      method: it.method,
      path: request.url ?? '/',
      headers,
      body: body.length === 0 ? null : Buffer.concat(body),
      signal: gone.signal,
    });
    response.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type'] ?? 'text/plain') });
    if (!it.isWatch || answer.statusCode !== 200) {
      response.end(Buffer.from(await answer.body.arrayBuffer()));
      return;
    }
    response.flushHeaders();
    const watch: OpenWatch = { frozen: false, end: () => gone.abort() };
    watches.add(watch);
    try {
      for await (const line of linesOf(answer.body)) {
        for (const out of lines(line, it)) if (!watch.frozen) response.write(`${out}\n`);
      }
    } finally {
      watches.delete(watch);
    }
    response.end();
  };
  const server = createServer((request, response) => {
    // A watch that is ended from here ends well; what the API server broke off is broken off here too.
    relay(request, response).catch((error: unknown) => {
      if ((error as Error).name === 'AbortError' && response.headersSent) response.end();
      else response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.after(async () => {
    server.close();
    server.closeAllConnections();
    await pool.destroy();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    instead: (rule) => {
      instead = rule;
    },
    lines: (rule) => {
      lines = rule;
    },
    freeze: () => {
      for (const watch of watches) watch.frozen = true;
    },
    endWatches: () => {
      for (const watch of watches) watch.end();
    },
    heal: () => {
      instead = () => undefined;
      lines = AS_IT_IS;
    },
  };
}

/** A line of a watch as the shim may make one up: an error with this code. */
export function errorLine(code: number, reason: string): string {
  return JSON.stringify({ type: 'ERROR', object: statusOf(code, reason) });
}

function statusOf(code: number, reason: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'made up', reason, code };
}

function describe(request: IncomingMessage): Asked {
  const url = new URL(request.url ?? '/', 'http://shim');
  const isWatch = ['1', 'true'].includes(url.searchParams.get('watch') ?? '');
  return { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, isWatch };
}

async function answerInstead(other: Instead, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (other === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  for await (const _chunk of request as AsyncIterable<Buffer>);
  const reason = other.status === 410 ? 'Expired' : '';
  response.writeHead(other.status, { 'content-type': 'application/json', ...other.headers });
  response.end(JSON.stringify(statusOf(other.status, reason)));
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}
