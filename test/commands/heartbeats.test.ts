import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { type RecordingSink, recordingSink } from '../support/recording-sink.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const POD = { POD_NAME: 'example-pod', POD_NAMESPACE: 'event-test' };
const SOURCE = 'https://knative.dev/eventing-contrib/cmd/heartbeats/#event-test/example-pod';

interface Started {
  readonly stderr: () => string;
  readonly code: Promise<unknown>;
  readonly stop: () => void;
}

function run(t: TestContext, args: readonly string[], env: Record<string, string>): Started {
  const child = spawn(process.execPath, [MAIN, 'heartbeats', ...args], { env });
  t.after(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = once(child, 'close').then(([it]) => it as unknown);
  return { stderr: () => stderr, code, stop: () => child.kill('SIGTERM') };
}

async function received(sink: RecordingSink, count: number): Promise<RecordingSink['received']> {
  return await eventually(`${count} events`, () => sink.accepted().length >= count && sink.received);
}

test('the first heartbeat comes at once and the others each period, until SIGTERM, which ends with 0', async (t) => {
  const sink = await recordingSink(t);
  const { code, stop, stderr } = run(t, ['--period=1'], { ...POD, K_SINK: sink.url });
  const events = await received(sink, 3);
  stop();
  assert.equal(await code, 0);
  const [first, second] = events;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(first.method, 'POST');
  assert.deepEqual(
    events.slice(0, 3).map(({ body }) => body.toString()),
    ['{"id":1,"label":""}', '{"id":2,"label":""}', '{"id":3,"label":""}'],
  );
  // By their own times: a busy machine brings one later than the other. No timer fires before its time.
  const [begun = NaN, next = NaN] = events.map(({ headers }) => Date.parse(String(headers['ce-time'])));
  assert.ok(next - begun > 950, `${next - begun} ms`);
  const { 'ce-id': id, 'ce-time': time, ...headers } = first.headers;
  assert.match(String(id), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z$/);
  assert.deepEqual(
    Object.entries(headers).filter(([name]) => name.startsWith('ce-') || name === 'content-type'),
    [
      ['ce-specversion', '1.0'],
      ['ce-source', SOURCE],
      ['ce-type', 'dev.knative.eventing.samples.heartbeat'],
      ['ce-the', '42'],
      ['ce-heart', 'yes'],
      ['ce-beats', 'true'],
      ['content-type', 'application/json'],
    ],
  );
  const lines = stderr().split('\n');
  const STAMP = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /;
  assert.ok(
    lines.slice(0, -1).every((line) => STAMP.test(line)),
    stderr(),
  );
  assert.ok(lines.some((line) => line.endsWith(`Heartbeats Source: ${SOURCE}`)));
  assert.ok(lines.some((line) => line.endsWith(`sending cloudevent to ${sink.url}`)));
});

test('flags, overrides and K_SINK make the event', async (t) => {
  const sink = await recordingSink(t);
  const flags = [
    '-eventSource',
    '/s',
    '-eventType=t',
    '--label="a\\"<b>"',
    '--msg',
    'm',
    '--sink=http://nowhere.invalid',
  ];
  const { code } = run(t, flags, {
    ...POD,
    K_SINK: sink.url,
    K_CE_OVERRIDES: '{"extensions":{"hello":"world","the":"43"}}',
    ONE_SHOT: 'true',
  });
  assert.equal(await code, 0);
  const [event] = sink.received;
  assert.equal(event?.body.toString(), '{"id":1,"label":"a\\"\\u003cb\\u003e","msg":"m"}');
  assert.deepEqual(
    ['ce-source', 'ce-type', 'ce-the', 'ce-hello', 'ce-heart'].map((name) => event?.headers[name]),
    ['/s', 't', '43', 'world', 'yes'],
  );
});

test('a single shot that no sink takes is tried again, is told, and ends with 0 as upstream', async (t) => {
  const sink = await recordingSink(t);
  sink.reply(() => 503);
  const { code, stderr } = run(t, [], { ...POD, K_SINK: sink.url, ONE_SHOT: '1' });
  await eventually('some attempts', () => sink.received.length >= 4);
  sink.reply(() => 400);
  assert.equal(await code, 0);
  assert.equal(new Set(sink.received.map(({ headers }) => headers['ce-id'])).size, 1);
  assert.match(stderr(), / failed to send cloudevent: 400\n/);
});

test('a heartbeat that failed is followed by the next one', async (t) => {
  const sink = await recordingSink(t);
  sink.reply((_request, number) => (number === 0 ? 400 : 204));
  const { code, stop } = run(t, ['--period=50ms'], { ...POD, K_SINK: sink.url });
  const [, second] = await received(sink, 1);
  stop();
  assert.equal(second?.body.toString(), '{"id":2,"label":""}');
  assert.equal(await code, 0);
});

const REFUSALS: readonly (readonly [
  what: string,
  args: string[],
  env: Record<string, string>,
  line: RegExp,
  code: number,
])[] = [
  ['no sink', [], POD, / failed to create client: there is no sink\. Set K_SINK/, 1],
  ['a sink that is no URL', ['--sink', 'here'], POD, / failed to create client: K_SINK is not an absolute URL/, 1],
  [
    'no POD_NAME',
    [],
    { POD_NAMESPACE: 'a', K_SINK: 'http://a' },
    /\[ERROR\] Failed to process env var: required key POD_NAME missing value\n/,
    1,
  ],
  [
    'bad overrides',
    [],
    { ...POD, K_SINK: 'http://a', K_CE_OVERRIDES: '{' },
    /\[ERROR\] Unparsable CloudEvents overrides \{: /,
    1,
  ],
  [
    'an override of an attribute',
    [],
    { ...POD, K_SINK: 'http://a', K_CE_OVERRIDES: '{"extensions":{"id":"1"}}' },
    /cannot be overridden/,
    1,
  ],
  [
    'an odd ONE_SHOT',
    [],
    { ...POD, K_SINK: 'http://a', ONE_SHOT: 'yes' },
    /ONE_SHOT must be true or false: found "yes"/,
    1,
  ],
  ['a bad period', ['--period=x'], { ...POD, K_SINK: 'http://a' }, / Invalid period interval provided: "x"\n/, 1],
  [
    'certificates that are none',
    ['--cacerts=x'],
    { ...POD, K_SINK: 'https://a' },
    / failed to create client: K_CA_CERTS holds no PEM certificate/,
    1,
  ],
  ['an unknown flag', ['--port=1'], { ...POD, K_SINK: 'http://a' }, /flag provided but not defined: -port\n/, 2],
];

for (const [what, args, env, line, code] of REFUSALS) {
  test(`${what} ends with ${code} and a sentence`, async (t) => {
    const started = run(t, args, env);
    assert.equal(await started.code, code);
    assert.match(started.stderr(), line);
    assert.doesNotMatch(started.stderr(), /\n\s+at /);
  });
}
