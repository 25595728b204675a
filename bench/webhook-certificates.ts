import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { type KeyPair, makeAuthority, signServer } from '../src/sources/sinkbinding/webhook/certificates.ts';

/** The certificates of the webhook while it works. */
export interface Certificates {
  /** PEM, of all authorities that are to be trusted at this moment. */
  authorities(): string;
  /** How often the webhook was seen with a new certificate, each of a new authority. */
  renewed(): number;
  /** Renews again and again until the signal is aborted. */
  keepRenewing(signal: AbortSignal): Promise<void>;
}

const HOST = '127.0.0.1';
/** Between telling whom to trust and signing by it: until the API server has heard of it. In a cluster it is a day. */
const TRUSTED_FIRST_MS = 3_000;
const LOOK_EVERY_MS = 500;

/**
 * Makes the first certificate in `folder`, as the kubelet would mount it.
 * @param trust is told whom to trust, and resolves when the API server has it
 */
export async function createCertificates(
  folder: string,
  port: number,
  trust: (authorities: string) => Promise<void>,
): Promise<Certificates> {
  const mounted = mount(folder);
  let authorities: readonly KeyPair[] = [];
  let renewed = 0;
  const trusted = (): string => authorities.map(({ cert }) => cert).join('');
  const change = async (next: readonly KeyPair[]): Promise<void> => {
    authorities = next;
    await trust(trusted());
  };
  const sign = async (): Promise<KeyPair | undefined> => {
    const authority = authorities.at(-1);
    const pair = authority && (await signServer(authority, [HOST], Date.now()));
    if (pair !== undefined) mounted.put(pair);
    return pair;
  };
  await change([await makeAuthority(Date.now())]);
  await sign();

  return {
    authorities: trusted,
    renewed: () => renewed,
    keepRenewing: async (signal) => {
      const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);
      while (!signal.aborted) {
        await change([...authorities, await makeAuthority(Date.now())]);
        await pause(TRUSTED_FIRST_MS);
        const pair = await sign();
        const fingerprint = new X509Certificate(pair?.cert ?? '').fingerprint256;
        while (!signal.aborted && (await shown(port)) !== fingerprint) await pause(LOOK_EVERY_MS);
        if (signal.aborted) return;
        renewed += 1;
        await change(authorities.slice(-1));
      }
    },
  };
}

/** The fingerprint of the certificate that a new connection is shown. */
async function shown(port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  // Who trusts it is what the load is for.
  const socket = connect({ host: HOST, port, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerX509Certificate()?.fingerprint256);
    socket.destroy();
  });
  socket.on('error', () => resolve(undefined));
  return await promise;
}

/** Files that are links into a directory that is replaced as a whole, so that nobody sees half a change for long. */
function mount(folder: string): { put(pair: KeyPair): void } {
  mkdirSync(folder, { recursive: true });
  const data = join(folder, '..data');
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name));
  let last: string | undefined;
  return {
    put: ({ cert, key }) => {
      const next = mkdtempSync(join(folder, '..'));
      writeFileSync(join(next, 'tls.crt'), cert);
      writeFileSync(join(next, 'tls.key'), key, { mode: 0o600 });
      symlinkSync(next, `${data}_new`);
      renameSync(`${data}_new`, data);
      if (last !== undefined) rmSync(last, { recursive: true });
      last = next;
    },
  };
}
