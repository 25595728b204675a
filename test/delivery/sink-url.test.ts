import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readSinkUrl } from '../../src/delivery/sink-url.ts';

/** The URL as it will be used, or what is wrong with it. */
function read(text: string | undefined): string | readonly string[] {
  const it = readSinkUrl(text);
  return 'url' in it ? it.url.href : it.problems;
}

test('an absolute http or https URL is taken, its path and query byte for byte', () => {
  const rows: [text: string, href: string][] = [
    ['http://sink.shop.svc.cluster.local', 'http://sink.shop.svc.cluster.local/'],
    ['https://sink:8443/a%2Fb/../c%20d?x=1&y=%00', 'https://sink:8443/c%20d?x=1&y=%00'],
    ['HTTP://SINK/Path', 'http://sink/Path'],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1/'],
    ['http://[fd00::1]:8080/x', 'http://[fd00::1]:8080/x'],
    ['http://sink?x=a@b', 'http://sink/?x=a@b'],
    ['http://bücher.example/', 'http://xn--bcher-kva.example/'],
    ['http://sink/#', 'http://sink/#'],
  ];
  for (const [text, href] of rows) assert.equal(read(text), href, text);
});

test('white space around it is taken off, and said', () => {
  for (const text of [' http://sink', 'http://sink\n', '\thttp://sink \r\n']) {
    const it = readSinkUrl(text);
    assert.ok('url' in it, text);
    assert.deepEqual([it.url.href, it.warnings.length], ['http://sink/', 1]);
    assert.match(it.warnings.join(), /^K_SINK .*white space/);
  }
  const plain = readSinkUrl('http://sink');
  assert.deepEqual('url' in plain && plain.warnings, []);
});

test('everything else is refused with what is wrong, what was found, and what to do', () => {
  const wanted = 'it must be an absolute URL such as http://broker-ingress.shop.svc.cluster.local';
  const absolute = `is not an absolute URL; ${wanted}`;
  const mended = 'has white space, a control character or a backslash inside; write it percent-encoded';
  const user = 'has a user or a password in front of its host; take them out, they are not sent';
  const scheme = (it: string) => `has the scheme ${it}; only http and https can be sent to`;
  const rows: [text: string | undefined, problem: string, found: string | undefined][] = [
    [undefined, `is not set; ${wanted}`, undefined],
    ['', `is not set; ${wanted}`, undefined],
    [' \n', `is not set; ${wanted}`, undefined],
    ['sink.default.svc', absolute, 'sink.default.svc'],
    ['sink.default.svc:80', absolute, 'sink.default.svc:80'],
    ['//host', absolute, '//host'],
    ['/path', absolute, '/path'],
    ['http://', absolute, 'http://'],
    ['http:///path', absolute, 'http:///path'],
    ['http:sink', absolute, 'http:sink'],
    ['http:/sink', absolute, 'http:/sink'],
    ['http://?x', absolute, 'http://'],
    ['http://:80/', absolute, 'http://:80/'],
    ['http://sink:65536', absolute, 'http://sink:65536'],
    ['http://sink:abc', absolute, 'http://sink:abc'],
    ['http://fe80::1/', absolute, 'http://fe80::1/'],
    ['http://[fe80::1%25eth0]/', absolute, 'http://[fe80::1%25eth0]/'],
    ['javascript:alert(1)', absolute, 'javascript:alert(1)'],
    ['unix:/run/sink', absolute, 'unix:/run/sink'],
    ['ftp://sink/x', scheme('ftp'), 'ftp://sink/x'],
    ['file:///etc/passwd', scheme('file'), 'file:///etc/passwd'],
    ['ws://sink', scheme('ws'), 'ws://sink'],
    ['http://a b/', mended, 'http://a b/'],
    ['http://sink/a\r\nX: y', mended, 'http://sink/a\r\nX: y'],
    ['http://sink\\path', mended, 'http://sink\\path'],
    ['http://sink/\u00a0x', mended, 'http://sink/\u00a0x'],
    ['http://sink/\0x', mended, 'http://sink/\0x'],
    ['http://sink:0/', 'has the port 0, where nobody can listen; name the port of the sink', 'http://sink:0/'],
    ['http://sink/a#part', 'has a fragment; take it out, it is not sent', 'http://sink/a'],
    ['http://user@sink/', user, '***@sink/'],
    ['http://:secret@sink/', user, '***@sink/'],
    [`http://sink:0x/${'x'.repeat(9_000)}`, absolute, `http://sink:0x/${'x'.repeat(47)}…`],
  ];
  for (const [text, problem, found] of rows) {
    const told = found === undefined ? '' : `: found ${JSON.stringify(found).replace(/…"$/, '…')}`;
    assert.deepEqual(read(text), [`K_SINK ${problem}${told}.`], JSON.stringify(text));
  }
});

test('all that is wrong is told at once', () => {
  const problems = read('http://u:p@sink:0/#x');
  assert.equal(problems.length, 3);
});

test('no password is ever shown, wherever it stands and however wrong the rest is', () => {
  const secret = 'h4ns3cret';
  const password = fc
    .tuple(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }))
    .map(([before, after]) => `${before}${secret}${after}`);
  const start = fc.constantFrom(
    'http://',
    'https://',
    'ftp://',
    '//',
    '',
    'http:',
    'http:///',
    ' http://',
    'http://u:x@',
  );
  const end = fc.constantFrom('sink', 'sink:0', 'sink:99999', '', 'a b', 'sink/#x', 'sink\\', '[::', 'sink?x=y');
  fc.assert(
    fc.property(start, fc.string({ maxLength: 5 }), password, end, (before, user, it, after) => {
      const told = readSinkUrl(`${before}${user}:${it}@${after}`);
      const sentences = 'problems' in told ? told.problems : told.warnings;
      assert.ok(!sentences.join().includes(secret), sentences.join());
    }),
    { numRuns: 1_000 },
  );
  const query = readSinkUrl(`http://sink:x/?token=${secret}`);
  assert.ok('problems' in query && !query.problems.join().includes(secret));
});
