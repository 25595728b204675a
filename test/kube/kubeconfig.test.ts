import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ClusterAccess } from '../../src/kube/access.ts';
import { kubeconfigAccess } from '../../src/kube/kubeconfig.ts';
import { createAuthority, issueClient, issueServer } from '../controlplane/certificates.ts';
import { manualClock } from './manual-clock.ts';
import { answer, clientFor, never, scriptedServer } from './scripted-server.ts';

function load(files: readonly string[], context?: string): Promise<ClusterAccess> {
  return kubeconfigAccess({ files, context, clock: manualClock() });
}

interface Parts {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** A kubeconfig with one context, as JSON, which is YAML. */
function kubeconfig({ cluster, user, context }: Parts): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user: { ...user } }],
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u', ...context } }],
  });
}

async function directoryFor(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'kubeconfig-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

async function accessFrom(t: TestContext, parts: Parts): Promise<ClusterAccess> {
  const file = path.join(await directoryFor(t), 'config');
  await writeFile(file, kubeconfig(parts));
  return load([file]);
}

test('server, namespace and token are those of the current context', async (t) => {
  const access = await accessFrom(t, { user: { token: 'abc' }, context: { namespace: 'shop' } });
  assert.equal(access.server, 'https://10.0.0.1:6443');
  assert.equal(access.namespace, 'shop');
  assert.equal((await access.credentials(never())).authorization, 'Bearer abc');
  assert.equal((await accessFrom(t, {})).namespace, 'default');
});

test('of several files the first that names something wins', async (t) => {
  const directory = await directoryFor(t);
  const files = ['a', 'b'].map((name) => path.join(directory, name));
  const [first = '', second = ''] = files;
  await writeFile(first, kubeconfig({ user: { token: 'first' } }));
  const text = kubeconfig({ user: { token: 'second' } }).replaceAll('"main"', '"other"');
  await writeFile(second, text.replace('"current-context":"other"', '"current-context":"nowhere"'));
  const tokenIn = async (context?: string) => {
    const access = await load(files, context);
    return (await access.credentials(never())).authorization;
  };
  assert.equal(await tokenIn(), 'Bearer first');
  assert.equal(await tokenIn('other'), 'Bearer first');
});

test('client certificate, authority, server name and impersonation reach the server', async (t) => {
  const authority = createAuthority();
  const { certPem, keyPem } = issueClient(authority, { commonName: 'ann' });
  const identity = { ...issueServer(authority, ['api.example']), clientsOf: authority.certPem };
  await using server = await scriptedServer((request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    answer(response, 200, { user: subject.CN, as: request.headers['impersonate-user'] });
  }, identity);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const access = await accessFrom(t, {
    cluster: {
      server: server.url,
      'certificate-authority-data': base64(authority.certPem),
      'tls-server-name': 'api.example',
    },
    user: { 'client-certificate-data': base64(certPem), 'client-key-data': base64(keyPem), as: 'bob' },
  });
  const client = clientFor(t, access);
  assert.deepEqual(await client.json({ path: '/', signal: never() }), { user: 'ann', as: 'bob' });
});

test('an authority in a file beside the kubeconfig is found, even for a context without a user', async (t) => {
  const authority = createAuthority();
  await using server = await scriptedServer(
    (_, response) => answer(response, 200, {}),
    issueServer(authority, ['127.0.0.1']),
  );
  const directory = await directoryFor(t);
  await writeFile(path.join(directory, 'ca.crt'), authority.certPem);
  const file = path.join(directory, 'config');
  await writeFile(
    file,
    kubeconfig({ cluster: { server: server.url, 'certificate-authority': 'ca.crt' }, context: { user: '' } }),
  );
  const client = clientFor(t, await load([file]));
  await client.json({ path: '/', signal: never() });
});

test('a tokenFile is found beside the kubeconfig, trimmed, and read again after a 401', async (t) => {
  const directory = await directoryFor(t);
  await mkdir(path.join(directory, 'tokens'));
  const tokenFile = path.join(directory, 'tokens', 'mine');
  await writeFile(tokenFile, 'one\n');
  const file = path.join(directory, 'config');
  await writeFile(file, kubeconfig({ user: { token: 'ignored', tokenFile: 'tokens/mine' } }));
  const access = await load([file]);
  const authorization = async () => (await access.credentials(never())).authorization;
  assert.equal(await authorization(), 'Bearer one');
  await writeFile(tokenFile, 'two\n');
  assert.equal(await authorization(), 'Bearer one');
  access.refresh();
  assert.equal(await authorization(), 'Bearer two');
});

test('an exec plugin is run once for all who ask, and again after a 401', async (t) => {
  const directory = await directoryFor(t);
  const [plugin, runs] = [path.join(directory, 'plugin'), path.join(directory, 'runs')];
  await writeFile(
    plugin,
    `#!/bin/sh\necho run >> ${runs}\necho '{"kind":"ExecCredential","status":{"token":"'$(wc -l < ${runs} | tr -d ' ')'"}}'\n`,
  );
  await chmod(plugin, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' };
  const access = await accessFrom(t, { user: { exec } });
  const authorization = async () => (await access.credentials(never())).authorization;
  assert.deepEqual(await Promise.all([authorization(), authorization(), authorization()]), Array(3).fill('Bearer 1'));
  assert.equal(await authorization(), 'Bearer 1');
  access.refresh();
  assert.equal(await authorization(), 'Bearer 2');
  assert.equal(await readFile(runs, 'utf8'), 'run\nrun\n');
});

test('a failing exec plugin is a failure of credentials, with its words', async (t) => {
  const access = await accessFrom(t, {
    user: { exec: { command: 'sh', args: ['-c', 'echo log in first >&2; exit 1'] } },
  });
  await assert.rejects(access.credentials(never()), {
    code: 'credentials',
    advice: 'wait',
    message: /"u".*log in first/,
  });
});

test('who waits for an exec plugin can give up', async (t) => {
  const access = await accessFrom(t, { user: { exec: { command: 'sleep', args: ['0.2'] } } });
  await assert.rejects(access.credentials(AbortSignal.timeout(10)), { code: 'aborted' });
});

test('plain http is for this machine, or for who asks for insecurity', async (t) => {
  const refused = /plain http on another machine/;
  const table: [cluster: Record<string, unknown>, message?: RegExp][] = [
    [{ server: 'http://127.0.0.1:8001' }],
    [{ server: 'http://127.1.2.3' }],
    [{ server: 'http://localhost:8080' }],
    [{ server: 'http://[::1]:8080' }],
    [{ server: 'http://10.0.0.1:8080', 'insecure-skip-tls-verify': true }],
    [{ server: 'http://10.0.0.1:8080' }, refused],
    [{ server: 'http://127.0.0.1.example' }, refused],
    [{ server: 'http://localhost.example' }, refused],
    [{ server: 'ftp://10.0.0.1' }, /must be an http or https URL/],
    [{ server: '10.0.0.1:6443' }, /must be an http or https URL/],
  ];
  for (const [cluster, message] of table) {
    const access = accessFrom(t, { cluster, user: { token: 'abc' } });
    if (message === undefined) assert.equal((await (await access).credentials(never())).authorization, 'Bearer abc');
    else await assert.rejects(access, { code: 'credentials', message });
  }
});

test('insecure-skip-tls-verify is honoured, and nothing else turns verification off', async (t) => {
  const insecure = await accessFrom(t, { cluster: { 'insecure-skip-tls-verify': true } });
  assert.equal((await insecure.credentials(never())).tls.rejectUnauthorized, false);
  assert.notEqual((await (await accessFrom(t, {})).credentials(never())).tls.rejectUnauthorized, false);
});

test('what is wrong with a kubeconfig is said, and no secret with it', async (t) => {
  const directory = await directoryFor(t);
  const table: [text: string, message: RegExp][] = [
    ['', /cannot be read/],
    ['a: b: c\ntoken: very-secret\n', /cannot be read: bad indentation/],
    ['{}', /has no current context\. Name a context\. It has: none\./],
    [
      kubeconfig({}).replace('"current-context":"main"', '"current-context":"mian"'),
      /no context "mian"\. It has: main\./,
    ],
    [kubeconfig({ context: { cluster: 'x' } }), /no cluster "x", which "main" needs/],
    [kubeconfig({ context: { user: 'x' } }), /no user "x", which "main" needs/],
  ];
  const file = path.join(directory, 'config');
  for (const [text, message] of table) {
    await writeFile(file, text);
    await assert.rejects(load([file]), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(error.message.includes(file));
      assert.doesNotMatch(error.message, /very-secret/);
      return true;
    });
  }
  await assert.rejects(load([path.join(directory, 'none')]), { code: 'credentials' });
});

test('a proxy-url carries requests and streams to the server', async (t) => {
  const authority = createAuthority();
  await using server = await scriptedServer(
    (_, response) => answer(response, 200, {}),
    issueServer(authority, ['127.0.0.1']),
  );
  const tunnels: string[] = [];
  const proxy = http.createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => proxy.close());
  const access = await accessFrom(t, {
    cluster: {
      server: server.url,
      'certificate-authority-data': Buffer.from(authority.certPem).toString('base64'),
      'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    },
  });
  const client = clientFor(t, access);
  await client.json({ path: '/', signal: never() });
  const stream = await client.stream({ path: '/', signal: never(), idleMs: 1_000 });
  for await (const pieces of stream.chunks) assert.equal(Buffer.concat(pieces).toString(), '{}');
  const { host } = new URL(server.url);
  assert.deepEqual(tunnels, [host, host]);
});
