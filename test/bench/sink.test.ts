import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Child, startHelper } from '../../bench/children.ts';
import type { Await, Listening, Reach, Report, SinkOptions } from '../../bench/messages.ts';
import { FIRST_VERSION } from '../../bench/objects.ts';

/** Processes that do not do what is expected of them must not keep the test waiting. */
const LIMIT = { timeout: 10_000 };

const OPTIONS: SinkOptions = { events: 6, bodyBytes: 5, delay: 0, patience: 60_000 };

async function openTo(sink: Child): Promise<Socket> {
  const { port } = await sink.receive<Listening>('listening');
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

const post = (sequence: number, body = 'hello') =>
  `POST / HTTP/1.1\r\nce-resourceversion: ${FIRST_VERSION + sequence}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** Sends requests in one write and returns when each has its answer. */
async function postAll(socket: Socket, requests: readonly string[]): Promise<void> {
  socket.write(requests.join(''));
  const answer = 'HTTP/1.1 204 No Content\r\n\r\n';
  let answers = '';
  while (answers.length < answer.length * requests.length) answers += String((await once(socket, 'data'))[0]);
  assert.equal(answers, answer.repeat(requests.length));
}

test(
  'the sink answers every request and reports when the last missing event came, with what came twice or changed',
  LIMIT,
  async () => {
    await using sink = startHelper('sink.ts', OPTIONS);
    const socket = await openTo(sink);
    let reported = false;
    const report = sink.receive<Report>('report').finally(() => (reported = true));
    sink.send({ kind: 'await', upTo: 6 } satisfies Await);
    await postAll(
      socket,
      [0, 1, 2, 4, 4, 99].map((sequence) => post(sequence)),
    );
    await postAll(socket, [post(5, 'other body')]);
    assert.equal(reported, false);
    await postAll(socket, [post(3)]);
    const { seen, repeated, unknown, altered } = await report;
    assert.deepEqual({ seen, repeated, unknown, altered }, { seen: 6, repeated: 1, unknown: 1, altered: 1 });
    socket.destroy();
  },
);

test('the sink reports a lost event when nothing new came for as long as its patience lasts', LIMIT, async () => {
  await using sink = startHelper('sink.ts', { ...OPTIONS, patience: 100 });
  const socket = await openTo(sink);
  const report = sink.receive<Report>('report');
  sink.send({ kind: 'await', upTo: 3 } satisfies Await);
  await postAll(socket, [post(0), post(2)]);
  assert.equal((await report).seen, 2);
  socket.destroy();
});

test(
  'a sink that goes down ends its connections and refuses more, until it comes back at the same port',
  LIMIT,
  async () => {
    await using sink = startHelper('sink.ts', OPTIONS);
    const { port } = await sink.receive<Listening>('listening');
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    await postAll(socket, [post(0)]);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    sink.send({ kind: 'down' } satisfies Reach);
    await closed;
    await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
    const back = sink.receive<Listening>('listening');
    sink.send({ kind: 'up' } satisfies Reach);
    assert.equal((await back).port, port);
    const again = connect(port, '127.0.0.1');
    await once(again, 'connect');
    await postAll(again, [post(1)]);
    again.destroy();
  },
);
