import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';
import { metricsHandler, probesHandler, type Readiness } from './probes.ts';
import { type Listening, serve } from './serve.ts';

export interface Served extends AsyncDisposable {
  readonly probesPort: number;
  readonly metricsPort: number;
}

/** Serves `/health`, `/readiness` and `/metrics`, each at its port; 0 is any free one. @throws ListenError */
export async function serveProbes(
  ports: { readonly probesPort: number; readonly metricsPort: number },
  { board, registry }: { readonly board: Readiness; readonly registry: Registry },
  stopping: AbortSignal,
): Promise<Served> {
  await using started = new AsyncDisposableStack();
  const listen = async (purpose: string, port: number, handler: RequestListener): Promise<Listening> =>
    started.adopt(await serve({ port, purpose, handler }), (server) => server.close());
  const probes = await listen('probes', ports.probesPort, probesHandler(board, stopping));
  const metrics = await listen('metrics', ports.metricsPort, metricsHandler(registry));
  const kept = started.move();
  return {
    probesPort: probes.port,
    metricsPort: metrics.port,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
