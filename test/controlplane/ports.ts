import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ranges that operating systems take outgoing and `listen(0)` ports from (Linux 32768 and up, macOS 49152 and
 * up) and below Kubernetes' node ports (30000 and up), so that nobody is given the port of a server that is down for a
 * moment.
 */
const FIRST = 20_000;
const COUNT = 10_000;
const ATTEMPTS = 100;

/**
 * Claims a TCP port of 127.0.0.1 that nothing listens on, for as long as our process lives. Other processes that claim
 * ports in this way do not get it, even before something listens there: the claim is the UDP port of the same number,
 * which the operating system gives to one process only and takes back when that one ends.
 */
export async function claimPort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const claim = await bindUdp(port);
    if (claim === undefined) continue;
    if (await isFree(port)) return port;
    claim.close();
  }
  throw new Error(`No free port between ${FIRST} and ${FIRST + COUNT - 1} in ${ATTEMPTS} attempts.`);
}

async function bindUdp(port: number): Promise<Socket | undefined> {
  const socket = createSocket('udp4').unref();
  socket.bind({ port, address: '127.0.0.1' });
  try {
    await once(socket, 'listening');
    return socket;
  } catch {
    return undefined;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
