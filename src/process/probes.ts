import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';

/** How the parts of a process stand. */
export interface Readiness {
  ready(): boolean;
  /** One line a part. */
  lines(): readonly string[];
}

/**
 * `/health`: the process serves. `/readiness`: every part is ready, in an adapter that every watch is established, so
 * that from here on nothing is missed; the body says how each part stands. Both answer 500 once the process was asked to stop, as upstream's do.
 */
export function probesHandler(board: Readiness, stopping: AbortSignal): RequestListener {
  return (request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    };
    if (path !== '/health' && path !== '/readiness') answer(404, 'Only /health and /readiness are here.\n');
    else if (stopping.aborted) answer(500, 'The process was asked to stop.\n');
    else if (path === '/health') answer(200, 'ok\n');
    else
      answer(
        board.ready() ? 200 : 503,
        board
          .lines()
          .map((line) => `${line}\n`)
          .join(''),
      );
  };
}

export function metricsHandler(registry: Registry): RequestListener {
  return (request, response) => {
    if ((request.url ?? '').replace(/\?.*$/, '') !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only /metrics is here.\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`),
    );
  };
}
