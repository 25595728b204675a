import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { createRotatedFile, parseCertificates, parseToken } from '../../src/kube/rotated-file.ts';
import { createAuthority } from '../controlplane/certificates.ts';
import { manualClock } from './manual-clock.ts';

async function tokenFile(t: TestContext) {
  const directory = await mkdtemp(path.join(tmpdir(), 'rotated-file-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'token');
  const clock = manualClock();
  return {
    file,
    clock,
    write: (text: string) => writeFile(file, text),
    rotated: createRotatedFile(file, parseToken, clock),
  };
}

test('a file is read again when the copy is 60 s old, and not before', async (t) => {
  const { clock, write, rotated } = await tokenFile(t);
  await write('first');
  assert.equal(await rotated.read(), 'first');
  await write('second');
  clock.advance(59_999);
  assert.equal(await rotated.read(), 'first');
  clock.advance(1);
  assert.equal(await rotated.read(), 'second');
});

test('a file is read again at once when its copy was of no use', async (t) => {
  const { write, rotated } = await tokenFile(t);
  await write('first');
  await rotated.read();
  await write('second');
  rotated.forget();
  assert.equal(await rotated.read(), 'second');
});

test('while a file is empty, garbled or gone, the last good text stands in', async (t) => {
  const { file, write, rotated } = await tokenFile(t);
  await write('good');
  await rotated.read();
  for (const bad of ['', ' \n', 'two words', 'null\0byte']) {
    await write(bad);
    rotated.forget();
    assert.equal(await rotated.read(), 'good', JSON.stringify(bad));
  }
  await rm(file);
  rotated.forget();
  assert.equal(await rotated.read(), 'good');
  await write('better');
  assert.equal(await rotated.read(), 'better');
});

test('a file that never was any good is a failure that names it', async (t) => {
  const { file, write, rotated } = await tokenFile(t);
  const failure = (why: RegExp) => (error: Error) =>
    error.name === 'KubeError' &&
    error.message.startsWith(`The file ${file} cannot be used: `) &&
    why.test(error.message);
  await assert.rejects(rotated.read(), failure(/ENOENT/));
  await write('');
  await assert.rejects(rotated.read(), failure(/makes no sense/));
});

test('a token loses the white space around it, and is refused with any inside', () => {
  assert.equal(parseToken(' a.b-c_d~e+f/g=\r\n'), 'a.b-c_d~e+f/g=');
  for (const bad of ['', '\n', 'a b', 'a\nb', 'a\tb', 'ä'])
    assert.equal(parseToken(bad), undefined, JSON.stringify(bad));
});

test('certificates are good only if every one of them is whole', () => {
  const { certPem: one, keyPem } = createAuthority();
  const { certPem: two } = createAuthority();
  assert.equal(parseCertificates(one), one);
  assert.equal(parseCertificates(`# bundle\r\n${one}\n\n${two}`), `# bundle\r\n${one}\n\n${two}`);
  const bad = [
    '',
    'garbage',
    keyPem,
    one.slice(0, -10),
    one + two.slice(0, 100),
    one.replace(/M/, '!'),
    `${one}-----BEGIN CERTIFICATE-----`,
  ];
  for (const text of bad) assert.equal(parseCertificates(text), undefined, text);
});
