import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { claimPort } from '../test/controlplane/ports.ts';
import { installWatchbridge } from '../test/manifests/apply.ts';
import { createAdmin } from '../test/support/admin.ts';
import { type OwnCluster, startOwnCluster } from '../test/support/own-cluster.ts';
import { originLine } from './adapter.ts';
import { wholeNumber } from './arguments.ts';
import { type Serving, startAsAccount } from './as-account.ts';
import { print, runCommand } from './command.ts';
import { loadNow, machineLine } from './machine.ts';
import { cpuMicroseconds, residentMegabytes } from './measure.ts';
import type { Asked } from './open-loop.ts';
import type { Speed } from './steady.ts';
import { type Certificates, createCertificates } from './webhook-certificates.ts';
import { configure, makeBindings } from './webhook-cluster.ts';
import { createThroughServer, reviewDirectly, type Verdict } from './webhook-load.ts';
import { type Part, printDirect, printThrough, printVerdicts } from './webhook-report.ts';
import { BINDINGS_EACH, caseOf } from './webhook-objects.ts';

/**
 * `npm run bench:webhook`: admissions at a constant speed, first by the webhook alone and then through a real API
 * server, while its certificate is renewed. Exits with 1 when one was refused, stored without its sink, or changed
 * where nothing is to be changed. It needs Linux (/proc).
 */

const USAGE = `node bench/webhook.ts [--rate N] [--seconds N] [--bindings N] [--profile FILE]

Measures watchbridge webhook with SinkBindings in its cluster, whose certificate is renewed meanwhile.

  --rate N        admissions a second (default: 200)
  --seconds N     each of the two parts (default: 45); the webhook looks for a certificate every 30 s
  --bindings N    SinkBindings, ${BINDINGS_EACH} in a namespace (default: 500)
  --profile FILE  also writes a CPU profile of the webhook
`;
const WARM_UP_SECONDS = 3;
const CONNECTIONS = 64;
/** Until the API server has heard of a new configuration. */
const HEARD_MS = 2_000;

interface Options extends Speed {
  readonly help: boolean;
  readonly bindings: number;
  readonly profile: string | undefined;
}

function parse(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '45' },
      bindings: { type: 'string', default: '500' },
      profile: { type: 'string' },
    },
  });
  return {
    help: values.help,
    rate: wholeNumber('--rate', values.rate, { least: 1, most: 2_000 }),
    seconds: wholeNumber('--seconds', values.seconds, { least: 1, most: 600 }),
    bindings: wholeNumber('--bindings', values.bindings, { least: BINDINGS_EACH, most: 10_000 }),
    profile: values.profile,
  };
}

async function measure(
  { webhook, cluster }: { readonly webhook: Serving; readonly cluster: OwnCluster },
  speed: Speed,
  load: (speed: Speed) => Promise<readonly Asked<Verdict>[]>,
): Promise<Part> {
  await load({ ...speed, seconds: WARM_UP_SECONDS });
  const now = async () => ({
    reviews: await reviewsOf(webhook),
    webhook: cpuMicroseconds(webhook.pid),
    server: cpuMicroseconds(cluster.apiServer.pid ?? -1),
  });
  const before = await now();
  const begun = performance.now();
  const asked = await Promise.race([webhook.died, load(speed)]);
  const seconds = (performance.now() - begun) / 1_000;
  const after = await now();
  const cpu = { webhook: after.webhook - before.webhook, server: after.server - before.server };
  return { asked, seconds, reviews: after.reviews - before.reviews, cpu };
}

async function reviewsOf(webhook: Serving): Promise<number> {
  return sumOf(await webhook.metrics(), 'watchbridge_webhook_reviews_total');
}

/** Of all series of a name on a page of metrics. */
function sumOf(page: string, name: string): number {
  const values = page.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'));
  return Array.from(values, ([, value]) => Number(value)).reduce((sum, it) => sum + it, 0);
}

/** How often the API server went on without the webhook, in its own words. */
async function failedOpen({ admin }: OwnCluster): Promise<number> {
  const { text } = await admin.request('GET', '/metrics');
  return sumOf(text, 'apiserver_admission_webhook_fail_open_count');
}

async function bench(options: Options, directory: string): Promise<void> {
  const bound = Math.ceil(options.bindings / BINDINGS_EACH);
  await using cluster = await startOwnCluster({ tell: print, controllerManager: true });
  await installWatchbridge(cluster.admin);
  const bindings = await makeBindings(cluster, bound);
  const port = await claimPort();
  const folder = join(directory, 'certificates');
  const certificates = await createCertificates(folder, port, (authorities) =>
    configure(cluster, bindings, port, authorities),
  );
  await using webhook = await startAsAccount(directory, cluster, {
    command: 'webhook',
    account: 'watchbridge-webhook',
    environment: {
      WATCHBRIDGE_WEBHOOK_PORT: String(port),
      WATCHBRIDGE_WEBHOOK_CERTIFICATES: folder,
      CLUSTER_DOMAIN: 'cluster.local',
    },
    profile: options.profile,
  });
  const begun = performance.now();
  await webhook.ready;
  print(`ready     ${((performance.now() - begun) / 1_000).toFixed(1)} s after its start, ${bindings.length} bindings`);
  await delay(HEARD_MS);
  const stop = new AbortController();
  const renewing = certificates.keepRenewing(stop.signal);
  try {
    await measureAll(options, bound, { cluster, webhook, port, certificates });
  } finally {
    stop.abort();
    await renewing;
  }
  await webhook.end('SIGTERM');
}

async function measureAll(
  speed: Options,
  bound: number,
  under: {
    readonly cluster: OwnCluster;
    readonly webhook: Serving;
    readonly port: number;
    readonly certificates: Certificates;
  },
): Promise<void> {
  const { cluster, webhook, certificates } = under;
  const cases = (number: number) => caseOf(number, bound);
  const at = { port: under.port, authorities: certificates.authorities };
  const direct = await measure(under, speed, (it) => reviewDirectly(it, at, cases));
  const renewedBefore = certificates.renewed();
  await using admin = createAdmin({
    server: cluster.server,
    caPem: cluster.caPem,
    token: cluster.adminToken,
    connections: CONNECTIONS,
  });
  const through = await measure(under, speed, (it) => createThroughServer(it, admin, cases));
  printDirect(direct);
  printThrough(through);
  const { current, peak } = residentMegabytes(webhook.pid);
  print(`resident memory of the webhook ${current.toFixed(0)} MB, peak ${peak.toFixed(0)} MB`);
  const renewed = certificates.renewed();
  print(`\n${renewed} new certificates of new authorities, ${renewedBefore} of them in the first part`);
  const isRight = printVerdicts([direct, through]);
  const without = await failedOpen(cluster);
  print(`the API server went on without the webhook ${without} times`);
  if (!isRight || without > 0) process.exitCode = 1;
}

await runCommand({
  usage: USAGE,
  parse,
  run: async (options, directory) => {
    print(machineLine());
    print(originLine());
    await bench(options, directory);
    print(`load at the end ${loadNow()}`);
  },
});
