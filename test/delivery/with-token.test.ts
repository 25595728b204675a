import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { createSink, type Sink } from '../../src/delivery/sink.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { RotatedFile } from '../../src/kube/rotated-file.ts';
import { recordingSink, type RecordingSink } from '../support/recording-sink.ts';

const EVENT = { id: '1', source: '/s', type: 't', extensions: {} };

/** A file whose token is replaced once by each of these, and read again only when it is to be. */
function fileOf(...tokens: readonly string[]): RotatedFile & { readonly forgotten: () => number } {
  let at = 0;
  return {
    read: () => {
      const text = tokens[Math.min(at, tokens.length - 1)];
      return text === undefined
        ? Promise.reject(new KubeError('credentials', 'There is no file.'))
        : Promise.resolve(text);
    },
    forget: () => {
      at++;
    },
    forgotten: () => at,
  };
}

async function stage(
  t: TestContext,
  token: RotatedFile,
): Promise<{ server: RecordingSink; post: () => Promise<Outcome> }> {
  const server = await recordingSink(t);
  const options = { ca: [], connections: 1, timeoutMs: 10_000, contentMode: 'binary', headers: ['a', 'b'] } as const;
  const sink: Sink = createSink({ ...options, url: new URL(server.url), token });
  t.after(() => sink.close());
  return { server, post: () => new Promise((resolve) => sink.post(EVENT, resolve)) };
}

const sent = ({ received }: RecordingSink): unknown[] => received.map(({ headers }) => headers.authorization);
const statusOf = (outcome: Outcome): unknown => (outcome.is === 'answered' ? outcome.status : outcome.reason);

test('every request carries the token, beside the other headers', async (t) => {
  const { server, post } = await stage(t, fileOf('one'));
  assert.equal(statusOf(await post()), 204);
  assert.equal(statusOf(await post()), 204);
  assert.deepEqual(sent(server), ['Bearer one', 'Bearer one']);
  assert.equal(server.received[0]?.headers['a'], 'b');
});

test('a token that is refused is read again, and the request sent once more with it', async (t) => {
  const token = fileOf('old', 'new');
  const { server, post } = await stage(t, token);
  server.reply(({ headers }) => (headers.authorization === 'Bearer new' ? 204 : 401));
  assert.equal(statusOf(await post()), 204);
  assert.deepEqual(sent(server), ['Bearer old', 'Bearer new']);
});

test('a second refusal is the answer, and other answers are not asked for again', async (t) => {
  const token = fileOf('one');
  const { server, post } = await stage(t, token);
  server.reply((_, number) => [401, 401, 403, 500][number] ?? 204);
  assert.equal(statusOf(await post()), 401);
  assert.equal(token.forgotten(), 1);
  assert.equal(statusOf(await post()), 403);
  assert.equal(statusOf(await post()), 500);
  assert.equal(server.received.length, 4);
});

test('without a token nothing is sent, and why is told', async (t) => {
  const { server, post } = await stage(t, fileOf());
  assert.deepEqual(await post(), { is: 'failed', reason: 'token', detail: 'There is no file.' });
  assert.deepEqual(server.received, []);
});
