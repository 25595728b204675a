import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { claimPort } from '../controlplane/ports.ts';
import { page, ROOT } from '../docs/pages.ts';
import { eventually } from '../support/eventually.ts';
import { startShell } from './shell.ts';

/** The blocks of commands of the page, by the number of their step. A block that is run is taken out. */
const blocks = blocksOf(page('docs/tutorial-sample-source.md').text);
const folder = mkdtempSync(join(tmpdir(), 'watchbridge-tutorial-'));
const checkout = join(folder, 'watchbridge');
const project = join(folder, 'my-source');
/** What the page's commands need of the project. */
const CHECKED_OUT = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.sdk.json',
  'README.md',
  'LICENSE',
  '.npmrc',
  'src',
  'examples',
  'manifests',
  'rbac',
  'scripts',
  'test/controlplane',
  'test/support',
];
/** What a machine takes that has other things to do. */
const LIMIT_MS = 150_000;

/**
 * Everything but this is done as the page says: the packages that a registry has are those of this checkout, so that
 * the test needs no network. The package of Watchbridge is the one that was packed.
 */
const INSTALL = `npm() {
  if [ "$1" != install ]; then command npm "$@"; return; fi
  mkdir -p node_modules/watchbridge
  ln -s '${ROOT}'/node_modules/* '${ROOT}'/node_modules/.bin node_modules/
  tar -xzf watchbridge-*.tgz --strip-components 1 -C node_modules/watchbridge
}
`;

before(() => {
  mkdirSync(checkout);
  for (const name of CHECKED_OUT) cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('step 1 makes a project that type-checks and passes its tests outside of the checkout', async (t) => {
  const shell = startShell(t, INSTALL + take(1), { cwd: checkout });
  assert.equal(await shell.exitCode, 0, shell.output());
  assert.match(shell.output(), /ℹ fail 0\n/);
  const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    dependencies: { watchbridge: string };
  };
  assert.ok(existsSync(join(project, dependencies.watchbridge.replace('file:', ''))), dependencies.watchbridge);
});

test('step 2 has both sources ready in the demo, and event-display shows what they send', async (t) => {
  const demo = startShell(t, take(2), { cwd: checkout });
  await demo.says('Ctrl-C ends everything.', LIMIT_MS);
  const [, KUBECONFIG = ''] = /^export KUBECONFIG=(.+)$/m.exec(demo.output()) ?? [];
  const [, kubectl = ''] = /^(.+) get apiserversource$/m.exec(demo.output().split('Your turn')[1] ?? '') ?? [];
  const PATH = `${dirname(kubectl)}:${process.env['PATH']}`;
  const shell = startShell(t, take(2), { cwd: project, env: { KUBECONFIG, PATH } });
  assert.equal(await shell.exitCode, 0, `${shell.output()}\n${demo.output()}`);
  assert.match(shell.output(), /mysource\S*\/my-source +True +http:\/\/event-display\.default\.svc\.cluster\.local/);
  const events = (): string[] =>
    demo
      .output()
      .split('☁️')
      .filter((it) => it.includes('type: com.example.my-source\n'));
  await eventually(
    () => `the events of both sources: ${demo.output().slice(-2_000)}`,
    () => events().some((it) => it.includes('sink: bound')) && events().some((it) => !it.includes('sink: bound')),
    LIMIT_MS,
  );
  assert.match(events()[0] ?? '', / {4}"sequence": 0,\n {4}"heartbeat": "10s"\n/);
  demo.interrupt();
  assert.match(await demo.end(), /The demo has ended\.\n/);
});

test('step 3 sends to event-display without a cluster, and ends in order on Ctrl-C', async (t) => {
  const [port, probes] = [await claimPort(), await claimPort()];
  const display = startShell(t, `${take(3)} --port ${port}`, { cwd: checkout });
  await display.says('listens on', LIMIT_MS);
  // On ports that are free, of a machine that may have other things on those of the page.
  const command = take(3).replace('8080', String(port)).replace('8081', String(probes));
  const adapter = startShell(t, `exec ${command.replace(/^((?:\w+=\S+ )+)/, 'env $1')}`, {
    cwd: project,
    env: { WATCHBRIDGE_METRICS_PORT: '0' },
  });
  await display.says('"sequence": 1,', LIMIT_MS);
  adapter.interrupt();
  const said = await adapter.end();
  for (const message of ['Shutting down...', 'stopped']) assert.ok(said.includes(`"msg":"${message}"`), said);
});

test('what of the page was not run is step 5, which needs a cluster with nodes', () => {
  assert.deepEqual(
    [...blocks].filter(([, texts]) => texts.length > 0).map(([step, texts]) => [step, texts.length]),
    [[5, 1]],
  );
});

/** The next block of a step. */
function take(step: number): string {
  const text = blocks.get(step)?.shift();
  assert.ok(text, `step ${step} has one more block of commands`);
  return text;
}

function blocksOf(text: string): Map<number, string[]> {
  const [, ...sections] = text.split(/^## /m);
  return new Map(
    sections.map((section): [number, string[]] => [
      Number.parseInt(section, 10),
      Array.from(section.matchAll(/^```sh\n([^]*?)\n```$/gm), ([, block = '']) => block),
    ]),
  );
}
