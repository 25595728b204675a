import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSink, type Sink } from '../delivery/sink.ts';
import { systemClock } from '../process/clock.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import { beat } from './heartbeats/beat.ts';
import { readGoFlags } from './heartbeats/go-flags.ts';
import { FLAGS, readSettings, type Settings } from './heartbeats/settings.ts';

const HELP = `Usage: watchbridge heartbeats [--period 5s] [--label TEXT] [--msg TEXT] [--sink URL]

Sends a CloudEvent at once and then one each period, as Knative's heartbeats does.
Environment: POD_NAME and POD_NAMESPACE; K_SINK, K_CE_OVERRIDES, K_CA_CERTS, as a
ContainerSource or a SinkBinding sets them; ONE_SHOT=true sends one and ends.

  --eventSource  the attribute source (default
                 https://knative.dev/eventing-contrib/cmd/heartbeats/#NAMESPACE/NAME)
  --eventType    the attribute type (default ${FLAGS.eventType})
  --sink         where events go, unless K_SINK says it
  --cacerts      PEM certificates to trust, unless K_CA_CERTS has some
  --label        the data's label
  --period       a Go duration such as 300ms or 1m30s, or whole seconds (default 5s)
  --msg          the data's msg (default none)
  -h, --help     print this
`;

/** Where a SinkBinding mounts them (knative.dev/eventing, pkg/eventingtls and pkg/apis/feature). */
const CERTIFICATES = '/knative-custom-certs';
const TOKEN = '/oidc/token';
/** Of the Istio proxy of the Pod, which would outlive a Job. */
const QUIT_PROXY = 'http://localhost:15020/quitquitquit';
const QUIT_WITHIN_MS = 2_000;
const ANSWER_WITHIN_MS = 30_000;

/** `watchbridge heartbeats`: upstream's flags, variables, events and exit codes (knative/eventing, cmd/heartbeats). */
export async function heartbeats(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ExitCode> {
  const flags = readGoFlags(argv, FLAGS);
  if (flags.is === 'help') {
    process.stderr.write(HELP);
    return EXIT.ok;
  }
  if (flags.is === 'wrong') {
    process.stderr.write(`${flags.sentence}\n\n${HELP}`);
    return EXIT.usage;
  }
  const settings = readSettings(flags.values, env);
  if ('problems' in settings) {
    settings.problems.forEach(say);
    return EXIT.failed;
  }
  const sinks = createRenewedSink(settings);
  if (flags.values.eventSource === '') say(`Heartbeats Source: ${settings.heart.source}`);
  await beat(settings, { clock: systemClock, sink: sinks.current, say }, signal);
  await sinks.close();
  if (settings.oneShot) await quitProxy();
  return EXIT.ok;
}

/** One line of Go's package log. */
function say(line: string): void {
  const at = new Date(systemClock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
  process.stderr.write(`${at} ${line}\n`);
}

interface RenewedSink {
  readonly current: () => Promise<Sink>;
  close(): Promise<void>;
}

/** The sink, made anew whenever the token is another one: the kubelet writes one each hour. */
function createRenewedSink({ sink: url, ca }: Settings): RenewedSink {
  const open = (token: string | undefined): Sink =>
    createSink({
      url,
      ca: [...ca, ...mountedCertificates()],
      connections: 1,
      timeoutMs: ANSWER_WITHIN_MS,
      contentMode: 'binary',
      headers: token === undefined ? [] : ['authorization', `Bearer ${token}`],
    });
  let token: string | undefined;
  let current = open(undefined);
  let isTold = false;
  const readToken = async (): Promise<string | undefined> => {
    try {
      return (await readFile(TOKEN, 'utf8')).trim();
    } catch (error) {
      if (!isTold) say(`Failed to read OIDC token, client will not send Authorization header: ${messageOf(error)}`);
      isTold = true;
      return undefined;
    }
  };
  return {
    current: async () => {
      const found = await readToken();
      if (found === token) return current;
      const last = current;
      [token, current] = [found, open(found)];
      await last.close();
      return current;
    },
    close: () => current.close(),
  };
}

function mountedCertificates(): string[] {
  try {
    const files = readdirSync(CERTIFICATES).filter((name) => !name.startsWith('.'));
    return files.map((name) => readFileSync(join(CERTIFICATES, name), 'utf8'));
  } catch {
    return [];
  }
}

/** Where no such proxy is, nobody listens there. */
async function quitProxy(): Promise<void> {
  try {
    await fetch(QUIT_PROXY, { method: 'POST', signal: AbortSignal.timeout(QUIT_WITHIN_MS) });
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string } };
    if (cause?.code === 'ECONNREFUSED') return;
    say(`[Ignore this warning if Istio proxy is not used on this pod] ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
