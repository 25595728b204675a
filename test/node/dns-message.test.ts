import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { readQuestion, type Resolution, writeAnswer } from './dns-message.ts';

test('a resolver understands the answer for a name with two addresses', async (t) => {
  const { resolver, asked } = await ask(t, { is: 'known', addresses: ['198.18.2.7', '198.18.2.8'] });
  assert.deepEqual(await resolver.resolve4('Sink.Shop.svc.cluster.local'), ['198.18.2.7', '198.18.2.8']);
  assert.deepEqual(asked, ['sink.shop.svc.cluster.local']);
});

test('a name that is known has no IPv6 address, which is another answer than that there is no such name', async (t) => {
  const { resolver } = await ask(t, { is: 'known', addresses: ['198.18.2.7'] });
  await assert.rejects(resolver.resolve6('sink.shop.svc.cluster.local'), { code: 'ENODATA' });
});

const failures: readonly { resolution: Resolution; code: string }[] = [
  { resolution: { is: 'unknown' }, code: 'ENOTFOUND' },
  { resolution: { is: 'failed' }, code: 'ESERVFAIL' },
  { resolution: { is: 'known', addresses: [] }, code: 'ENODATA' },
];
for (const { resolution, code } of failures) {
  test(`a resolver that hears ${JSON.stringify(resolution)} says ${code}`, async (t) => {
    const { resolver } = await ask(t, resolution);
    await assert.rejects(resolver.resolve4('sink.shop.svc.cluster.local'), { code });
  });
}

test('no message whatever makes the reader fail', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void readQuestion(Buffer.from(bytes))));
});

test('a question that is cut short anywhere is none', () => {
  const lengths = [...QUESTION.keys()].filter((length) => readQuestion(QUESTION.subarray(0, length)) !== undefined);
  assert.deepEqual(lengths, []);
});

test('a question is read in full, and an answer is not taken for one', () => {
  const question = readQuestion(QUESTION);
  assert.deepEqual(
    { ...question, bytes: question?.bytes.toString('hex') },
    { id: 0x1234, name: 'a.b', type: 28, recursionDesired: true, bytes: '0141016200001c0001' },
  );
  assert.ok(question !== undefined);
  const answer = writeAnswer(question, { is: 'known', addresses: ['198.18.2.7'] });
  assert.equal(answer.readUInt16BE(6), 0, 'records of a type that was not asked for');
  assert.equal(readQuestion(answer), undefined);
});

/** For the IPv6 addresses (type 28) of `A.b`. */
const QUESTION = Buffer.from('1234010000010000000000000141016200001c0001', 'hex');

/** A server that gives every question the same answer, and a resolver that asks it. */
async function ask(t: TestContext, resolution: Resolution): Promise<{ resolver: Resolver; asked: string[] }> {
  const asked: string[] = [];
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  socket.on('message', (message, asker) => {
    const question = readQuestion(message);
    if (question === undefined) return;
    asked.push(question.name);
    socket.send(writeAnswer(question, resolution), asker.port, asker.address);
  });
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return { resolver, asked };
}
