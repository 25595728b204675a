import { parsePeriod } from '../preview/period.ts';
import { adapterConfig } from '../preview/adapter-config.ts';
import { gatherTarget } from '../preview/gather-target.ts';
import { plannedStreams } from '../preview/planned-streams.ts';
import { findingsOf, type Prospect } from '../preview/preview-report.ts';
import { findingsText, type Heading, prospectText } from '../preview/preview-text.ts';
import type { WrittenSource } from '../preview/read-sources.ts';
import { accountRights, ownRights } from '../preview/rights.ts';
import { runPreview } from '../preview/run-preview.ts';
import { watchRights, watchRightsText } from '../preview/watch-rights.ts';
import type { StreamSummary } from '../adapter/stream-board.ts';
import { KubeError } from '../kube/errors.ts';
import { systemClock } from '../process/clock.ts';
import { EXIT, type ExitCode } from '../process/exit.ts';
import { withDefaults } from '../sources/apiserver/spec.ts';
import { closeCluster, findCluster, type UsersCluster } from './cluster.ts';
import { CLUSTER_FLAGS, FILE_FLAG, readFlags } from './flags.ts';
import { asStored, writtenSources } from './written-sources.ts';

const HELP = `Usage: watchbridge preview -f FILE [--for 60s] [--samples N] [--json]

Watches with your own rights what an ApiServerSource would, and shows what its
sink would get: streams, missing rights, events and bytes, what filters drop.
Nothing is sent, and nothing is written to the cluster. Ctrl-C shows what there
is so far.

  -f, --file FILE    a file with one ApiServerSource, or - for standard input
  --for PERIOD       how long to watch, such as 90s, 5m or 1h (default 60s)
  --samples N        how many events to show, 0 to 100 (default 3); values of
                     Secrets are never shown
  --json             print one JSON document, for machines
  --kubeconfig FILE  where to find the API server (default: KUBECONFIG,
                     ~/.kube/config, the Pod's ServiceAccount)
  --context NAME     a context of the kubeconfig
  -h, --help         print this

Exit code: 0 it was watched, 1 a manifest is wrong, the cluster cannot be
reached or no stream could be established, 2 wrong arguments or a file that
cannot be read.
`;

interface Wishes {
  readonly forMs: number;
  readonly samples: number;
  readonly json: boolean;
}

const OPTIONS = {
  ...FILE_FLAG,
  ...CLUSTER_FLAGS,
  for: { type: 'string', default: '60s' },
  samples: { type: 'string', default: '3' },
  json: { type: 'boolean', default: false },
} as const;

/** `watchbridge preview`. */
export async function preview(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const flags = readFlags(argv, OPTIONS);
  if (flags.is === 'help') {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  if (flags.is === 'wrong') return misused(flags.sentence);
  const wishes = readWishes(flags.values);
  if ('problems' in wishes) return misused(wishes.problems.join(' '));
  const written = await writtenSources([...(flags.values.file ?? []), ...flags.positionals]);
  if ('exit' in written) return written.exit;
  const [source, another] = written.sources;
  if (source === undefined || another !== undefined) {
    return failed([`There are ${written.sources.length} ApiServerSources in what was read; give a file with one.`]);
  }
  const cluster = await findCluster(flags.values, env);
  const unread = new AbortController();
  // Nobody reads any more, as with "| head"; there is nothing to watch for.
  process.stdout.on('error', () => unread.abort());
  try {
    return await show(source, cluster, wishes, AbortSignal.any([signal, unread.signal]));
  } catch (error) {
    if (error instanceof KubeError) return failed([error.message]);
    throw error;
  } finally {
    await closeCluster(cluster);
  }
}

async function show(
  written: WrittenSource,
  cluster: UsersCluster,
  { forMs, samples, json }: Wishes,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (cluster.is === 'none') return failed([cluster.why]);
  const { kube } = cluster;
  const source = asStored(written, cluster.namespace);
  if (source === undefined) return failed(['The namespace is not known; write it as metadata.namespace.']);
  const { name, namespace } = source.metadata;
  const spec = withDefaults(source.spec);
  const { target, problems, notes } = await gatherTarget(spec, namespace, cluster, signal);
  if (problems.length > 0) return failed(problems);
  const read = adapterConfig(source, spec, target);
  if ('problems' in read) return failed(read.problems);

  const rights = {
    you: await ownRights(target, kube, signal),
    serviceAccount: await accountRights(
      namespace,
      spec.serviceAccountName,
      target,
      { kube, clock: systemClock },
      signal,
    ),
  };
  const wanted = { source, spec, target, wholeCluster: false };
  const isGranted = rights.serviceAccount.is === 'enough';
  const prospect: Prospect = {
    source: `${namespace}/${name}`,
    server: kube.server,
    streams: plannedStreams(spec, target),
    rights,
    grants: isGranted ? [] : watchRights(wanted),
    warnings: [...read.warnings, ...notes],
  };
  // hasColors knows NO_COLOR and TERM.
  const heading: Heading =
    process.stdout.isTTY && process.stdout.hasColors() ? (text) => `\u001B[1m${text}\u001B[0m` : (text) => text;
  if (!json) {
    process.stdout.write(`${prospectText(prospect, isGranted ? '' : watchRightsText(wanted, []), heading)}\n`);
  }
  const begun = ({ established, total }: StreamSummary): void => {
    const share = `${established} of ${total} streams are established`;
    process.stderr.write(`${share}; watching for ${forMs / 1_000} s. Ctrl-C shows what there is so far.\n`);
  };
  const watched = await runPreview(read.config, { kube, clock: systemClock }, { forMs, samples, begun }, signal);
  const findings = findingsOf(read.config, watched);
  process.stdout.write(
    json ? `${JSON.stringify({ ...prospect, ...findings }, undefined, 2)}\n` : `\n${findingsText(findings, heading)}`,
  );
  if (findings.established > 0 || findings.total === 0) return EXIT.ok;
  return failed(['No stream could be established, so nothing was seen.']);
}

function readWishes(values: { for: string; samples: string; json: boolean }): Wishes | { problems: readonly string[] } {
  const forMs = parsePeriod(values.for);
  const samples = /^\d+$/.test(values.samples) ? Number(values.samples) : NaN;
  const problems: string[] = [];
  if (forMs === undefined) {
    problems.push(`--for must be a period from 1s to 24h, such as 90s or 5m, but is "${values.for}".`);
  }
  if (!(samples <= 100)) problems.push(`--samples must be a number from 0 to 100, but is "${values.samples}".`);
  return forMs === undefined || problems.length > 0 ? { problems } : { forMs, samples, json: values.json };
}

function misused(sentence: string): ExitCode {
  process.stderr.write(`${sentence} See watchbridge preview --help.\n`);
  return EXIT.usage;
}

function failed(sentences: readonly string[]): ExitCode {
  for (const sentence of sentences) process.stderr.write(`${sentence}\n`);
  return EXIT.failed;
}
