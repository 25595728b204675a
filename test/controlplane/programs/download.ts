import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from 'undici';
import type { Finding, Program, Tell, Way } from './program.ts';
import { KUBERNETES_VERSION } from './versions.ts';

/** Where official programs come from, and how what came is known to be right. */
export interface Downloads {
  /** The archive for controller tests: etcd, kube-apiserver and kubectl. Undefined where there is none for this platform. */
  readonly envtest: { readonly url: string; readonly sha512: string } | undefined;
  /** The directory of the other programs, each with a file `<program>.sha256` next to it. */
  readonly release: string;
}

/** From envtest-releases.yaml of kubernetes-sigs/controller-tools; the sums are of the .tar.gz files. */
const ENVTEST_SHA512: Readonly<Record<string, string>> = {
  'linux-amd64':
    'ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08',
  'linux-arm64':
    '2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac',
};

export const OFFICIAL_DOWNLOADS: Downloads = officialDownloads(
  process.platform,
  process.arch === 'x64' ? 'amd64' : process.arch,
);

/** A network that is closed must be known as such at once, and one that stalls soon. */
const CONNECT_TIMEOUT_MS = 3_000;
const STALL_TIMEOUT_MS = 20_000;
const PROGRESS_MS = 3_000;

const IN_ENVTEST: ReadonlySet<Program> = new Set<Program>(['etcd', 'kube-apiserver', 'kubectl']);

/** Downloads what is missing into the cache, refusing whatever has another sum than it should. */
export function downloadOfficial(downloads: Downloads, cache: string): Way {
  return {
    name: 'download',
    find: async (missing, tell) => {
      const agent = new EnvHttpProxyAgent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
      const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 5 }));
      await mkdir(cache, { recursive: true });
      const scratch = await mkdtemp(join(cache, 'download-'));
      try {
        return await download({ downloads, cache, scratch, missing, dispatcher, tell });
      } finally {
        await rm(scratch, { recursive: true, force: true });
        await agent.destroy();
      }
    },
  };
}

interface Job {
  readonly downloads: Downloads;
  readonly cache: string;
  /** A directory in the cache, so that what is complete and checked can be renamed into its place. */
  readonly scratch: string;
  readonly missing: readonly Program[];
  readonly dispatcher: Dispatcher;
  readonly tell: Tell;
}

async function download(job: Job): Promise<Finding> {
  const found = new Map<Program, string>();
  const fromArchive = job.missing.filter((program) => IN_ENVTEST.has(program));
  if (fromArchive.length > 0) {
    const { envtest } = job.downloads;
    if (envtest === undefined) return { found, outcome: `no sums are known for ${process.platform}.` };
    await fetchArchive(job, envtest);
    for (const program of fromArchive) found.set(program, await keep(job, program));
  }
  for (const program of job.missing.filter((name) => !IN_ENVTEST.has(name))) {
    await fetchProgram(job, program);
    found.set(program, await keep(job, program));
  }
  return { found, outcome: 'done.' };
}

async function fetchArchive(job: Job, envtest: { readonly url: string; readonly sha512: string }): Promise<void> {
  const file = join(job.scratch, 'envtest.tar.gz');
  await fetchFile(job, envtest.url, { file, algorithm: 'sha512', sum: envtest.sha512 });
  // The archive holds controller-tools/envtest/<program>.
  await promisify(execFile)('tar', ['-xzf', file, '-C', job.scratch, '--strip-components=2']);
}

async function fetchProgram(job: Job, program: Program): Promise<void> {
  const url = `${job.downloads.release}/${program}`;
  const sum = await request(`${url}.sha256`, { dispatcher: job.dispatcher, headersTimeout: STALL_TIMEOUT_MS });
  const text = await sum.body.text();
  if (sum.statusCode !== 200) throw new Error(`${url}.sha256 answered ${sum.statusCode}`);
  await fetchFile(job, url, { file: join(job.scratch, program), algorithm: 'sha256', sum: text.trim() });
}

async function fetchFile(
  job: Job,
  url: string,
  to: { readonly file: string; readonly algorithm: 'sha256' | 'sha512'; readonly sum: string },
): Promise<void> {
  job.tell(`downloading ${url}`);
  const response = await request(url, {
    dispatcher: job.dispatcher,
    headersTimeout: STALL_TIMEOUT_MS,
    bodyTimeout: STALL_TIMEOUT_MS,
  }).catch((error: unknown) => {
    throw new Error(url, { cause: error });
  });
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
  const total = Number(response.headers['content-length'] ?? 0);
  const hash = createHash(to.algorithm);
  await using output = await open(to.file, 'w');
  let size = 0;
  let told = performance.now();
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    await output.write(chunk);
    size += chunk.length;
    if (performance.now() - told > PROGRESS_MS) {
      told = performance.now();
      job.tell(`downloading ${url}: ${megabytes(size)} of ${megabytes(total)} MB`);
    }
  }
  const sum = hash.digest('hex');
  if (sum !== to.sum) throw new Error(`${url} has the ${to.algorithm} sum ${sum}, not ${to.sum}: it was not used`);
}

async function keep(job: Job, program: Program): Promise<string> {
  const path = join(job.cache, program);
  await chmod(join(job.scratch, program), 0o755);
  await rename(join(job.scratch, program), path);
  return path;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}

function officialDownloads(os: string, arch: string): Downloads {
  const platform = `${os}-${arch}`;
  const version = `v${KUBERNETES_VERSION}`;
  const sha512 = ENVTEST_SHA512[platform];
  const releases = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';
  return {
    envtest:
      sha512 === undefined
        ? undefined
        : { url: `${releases}/envtest-${version}/envtest-${version}-${platform}.tar.gz`, sha512 },
    release: `https://dl.k8s.io/release/${version}/bin/${os}/${arch}`,
  };
}
