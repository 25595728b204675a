import assert from 'node:assert/strict';
import { Agent, get, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, get as getSecurely } from 'node:https';
import type { Socket } from 'node:net';
import { buffer as wholeBody } from 'node:stream/consumers';
import { test } from 'node:test';
import { createAuthority, issueServer } from '../controlplane/certificates.ts';
import { readingInto } from '../../src/kube/read-buffer.ts';
import { scriptedServer } from './scripted-server.ts';

const AUTHORITY = createAuthority();
const IDENTITY = issueServer(AUTHORITY, ['127.0.0.1']);

/** One that reads into so few bytes that every answer takes many reads. */
function agentFor(secure: boolean): Agent {
  const buffer = Buffer.alloc(4_096);
  const options = { keepAlive: true, ca: AUTHORITY.certPem };
  return secure ? readingInto(buffer, new SecureAgent(options)) : readingInto(buffer, new Agent(options));
}

function ask(url: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? getSecurely(url, { agent }, resolve) : get(url, { agent }, resolve);
    request.on('error', reject);
  });
}

for (const secure of [false, true]) {
  const how = secure ? 'over TLS' : 'in the clear';

  test(`answers that come at the same time through one buffer are not mixed, ${how}`, async () => {
    // Each body is one letter, in pieces of other lengths than the buffer.
    await using server = await scriptedServer(
      ({ url = '' }, response) => {
        const letter = url.slice(1);
        let sent = 0;
        const more = (): void => {
          if (sent++ < 60) response.write(letter.repeat(7_000 + sent * 13), () => setImmediate(more));
          else response.end();
        };
        more();
      },
      secure ? IDENTITY : undefined,
    );
    const agent = agentFor(secure);
    // The second time over the connections of the first.
    for (const letters of [
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ]) {
      const answers = await Promise.all(letters.map((letter) => ask(`${server.url}/${letter}`, agent)));
      const bodies = await Promise.all(answers.map((answer) => wholeBody(answer)));
      const length = 60 * 7_000 + (13 * 60 * 61) / 2;
      assert.deepEqual(
        bodies.map((body) => [body.length, new Set(body)]),
        letters.map((letter) => [length, new Set([letter.charCodeAt(0)])]),
      );
    }
    assert.equal(server.sockets.length, 3);
    agent.destroy();
  });

  test(`who does not read stops the server, and who reads again gets the rest, ${how}`, async () => {
    const whole = 64 * 1024 * 1024;
    let sent = 0;
    await using server = await scriptedServer(
      (_, response) => {
        const more = (): void => {
          for (; sent < whole; sent += 65_536) {
            if (response.write(Buffer.alloc(65_536))) continue;
            sent += 65_536;
            response.once('drain', more);
            return;
          }
          response.end();
        };
        more();
      },
      secure ? IDENTITY : undefined,
    );
    const agent = agentFor(secure);
    const answer = await ask(server.url, agent);
    answer.pause();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(sent < whole / 2, `${sent} bytes were sent`);
    let read = 0;
    for await (const piece of answer) read += (piece as Buffer).length;
    assert.equal(read, whole);
    agent.destroy();
  });
}

test('a connection that the server ends between two requests is not used for the second', async () => {
  await using server = await scriptedServer((_, response) => response.end('done'));
  const agent = agentFor(false);
  const answered = async (): Promise<string> => String(await wholeBody(await ask(server.url, agent)));
  assert.equal(await answered(), 'done');
  const [first] = server.sockets;
  const ended = new Promise((resolve) => (first as Socket).once('close', resolve));
  first?.end();
  await ended;
  assert.equal(await answered(), 'done');
  assert.equal(server.sockets.length, 2);
  agent.destroy();
});
