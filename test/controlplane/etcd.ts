import { join } from 'node:path';
import { request } from 'undici';
import { type Component, createComponent } from './component.ts';
import { claimPort } from './ports.ts';
import type { Site } from './site.ts';

export interface Etcd {
  /** Where it serves clients, for example `http://127.0.0.1:20379`. */
  readonly url: string;
  readonly component: Component;
}

/** Describes the etcd of a control plane; nothing runs yet. */
export async function createEtcd({ directory, programs, keeper }: Site): Promise<Etcd> {
  const url = `http://127.0.0.1:${await claimPort()}`;
  const component = createComponent(
    {
      name: 'etcd',
      program: programs('etcd'),
      flags: [
        `--data-dir=${join(directory, 'etcd')}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        // The only member has no peers; port 0 takes whatever is free.
        '--listen-peer-urls=http://127.0.0.1:0',
        // It elects itself; the defaults (100 and 1000 ms) would have it wait up to a second for others first.
        '--heartbeat-interval=20',
        '--election-timeout=100',
        // What it wrote survives the death of the process, though not that of the machine.
        '--unsafe-no-fsync',
        '--log-level=warn',
      ],
      logFile: join(directory, 'etcd.log'),
      graceMs: 5_000,
      isReady: () => isHealthy(url),
    },
    keeper,
  );
  return { url, component };
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await request(`${url}/health`);
  return (await response.body.text()).includes('"health":"true"');
}

/** The key under which API servers tell each other what they compacted (k8s.io/apiserver, storage/etcd3/compact.go). */
const COMPACT_REVISION_KEY = 'compact_rev_key';

/**
 * Compacts etcd to its newest revision, as an API server does every five minutes to an older one, and returns that
 * revision. The JSON gateway of etcd's API needs no client library.
 */
export async function compact(url: string): Promise<number> {
  const { header } = await callEtcd(url, '/v3/kv/range', { key: base64(COMPACT_REVISION_KEY) });
  await callEtcd(url, '/v3/kv/put', { key: base64(COMPACT_REVISION_KEY), value: base64(header.revision) });
  await callEtcd(url, '/v3/kv/compaction', { revision: header.revision, physical: true });
  return Number(header.revision);
}

/** What every method of etcd's KV service answers; numbers of 64 bits are text in JSON. */
export interface EtcdAnswer {
  readonly header: { readonly revision: string };
}

/** Calls a method of etcd's KV service; keys and values are base64. */
export async function callEtcd<A extends EtcdAnswer>(
  url: string,
  path: `/v3/kv/${string}`,
  body: Readonly<Record<string, unknown>>,
): Promise<A> {
  const response = await request(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`etcd ${path}: ${response.statusCode} ${text}`);
  return JSON.parse(text) as A;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
