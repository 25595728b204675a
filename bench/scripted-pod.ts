import { join } from 'node:path';
import { createAuthority, issueServer } from '../test/controlplane/certificates.ts';
import { claimPort } from '../test/controlplane/ports.ts';
import { eventually } from '../test/support/eventually.ts';
import { adapterSubject, type Checkpoint } from './adapter.ts';
import { type Child, startChild, startHelper } from './children.ts';
import type { FeederOptions, Listening, SinkOptions } from './messages.ts';
import { asInPod } from './pod.ts';

/** The adapter as in a Pod, between the scripted API server, which speaks https, and the sink. */
export interface ScriptedPod extends AsyncDisposable {
  readonly adapter: Child;
  readonly feeder: Child;
  readonly sink: Child;
  /** The value of a series of the adapter's metrics; 0 where there is none. */
  metric(series: string): Promise<number>;
}

/** How long the adapter may take until it is ready (ms). */
const READY_WITHIN = 120_000;

/** Resolves when the adapter says that it is ready: its list is read, its watch is established. */
export async function startScriptedPod(
  directory: string,
  options: {
    readonly checkpoint: Checkpoint;
    readonly feeder: Omit<FeederOptions, 'tls'>;
    readonly sink: SinkOptions;
  },
): Promise<ScriptedPod> {
  await using started = new AsyncDisposableStack();
  const authority = createAuthority();
  const { certPem: cert, keyPem: key } = issueServer(authority, ['127.0.0.1']);
  const sink = started.use(startHelper('sink.ts', options.sink));
  const feeder = started.use(startHelper('feeder.ts', { ...options.feeder, tls: { cert, key } }));
  const [api, events] = await Promise.all([feeder, sink].map((helper) => helper.receive<Listening>('listening')));

  const [probes, metrics] = [await claimPort(), await claimPort()];
  const { name, args, environment } = adapterSubject('adapter', { checkpoint: options.checkpoint });
  const pod = asInPod(join(directory, 'service-account'), {
    server: `https://127.0.0.1:${api?.port}`,
    caPem: authority.certPem,
    token: 'bench',
  });
  const adapter = started.use(
    startChild(name, [...pod.flags, ...args], {
      ...environment,
      ...pod.environment,
      K_SINK: `http://127.0.0.1:${events?.port}`,
      WATCHBRIDGE_PROBES_PORT: String(probes),
      WATCHBRIDGE_METRICS_PORT: String(metrics),
    }),
  );
  await Promise.race([adapter.died, isReady(probes)]);
  const running = started.move();
  return {
    adapter,
    feeder,
    sink,
    metric: async (series) => {
      const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
      const line = text.split('\n').find((it) => it.startsWith(`${series} `));
      return Number(line?.slice(series.length) ?? 0);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Resolves when the adapter whose probes are at this port says that it is ready. */
export async function isReady(port: number): Promise<void> {
  const ask = () => fetch(`http://127.0.0.1:${port}/readiness`).then(({ ok }) => ok);
  await eventually('the adapter to be ready', () => ask().catch(() => false), READY_WITHIN);
}
