import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { printable } from '../kube/printable.ts';
import { printEvent } from './print.ts';
import { type Body, readBody } from './read-body.ts';
import { HEALTH_PATH, refuse, type Reply, replyTo } from './reply.ts';
import { requestLogEntry } from './request-log.ts';

/** Where a display writes and what it adds. Whoever owns the streams listens for their errors. */
export interface Display {
  /** Events go here, each in one write. */
  readonly stdout: Writable;
  /** One line for every request that was refused. */
  readonly stderr: Writable;
  readonly validationLine: boolean;
  readonly logRequests: boolean;
}

/** The largest body that is read, in bytes: well above what etcd stores for one object (1.5 MiB by default). */
const MAX_BODY = 8 * 1024 * 1024;
/** Go's limit for the headers of a request, in bytes; Node.js by itself takes 16 KiB. */
const MAX_HEADERS = 1024 * 1024;
/** The timeouts of upstream's receiver (`DefaultTimeout` of CloudEvents' Go SDK), in milliseconds. */
const TIMEOUT = 600_000;

/**
 * The server behind event-display, not yet listening. A request is answered with 200 only after its events are
 * written; while `stdout` is full no further body is read. Once the server is closed, connections end with their request.
 */
export function createDisplayServer(display: Display): Server {
  const limits = { maxHeaderSize: MAX_HEADERS, requestTimeout: TIMEOUT, keepAliveTimeout: TIMEOUT };
  const roomInStdout = drainGate(display.stdout);
  const server = createServer(limits, (request, response) => {
    serve(request, response).catch((error: unknown) => failed(display, request, response, error));
  });
  // The size of all headers is bounded; of too many, Node.js would drop the rest without a word.
  server.maxHeadersCount = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseConnection(display, error, socket));
  return server;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = addressOf(request.socket);
    if (request.url !== HEALTH_PATH) await roomInStdout();
    const body = await readBody(request, MAX_BODY);
    const reply = await printed(display, answerTo(display, request, body));
    if (reply.refusal !== undefined) {
      const what = `${request.method} ${printable(request.url ?? '')} from ${from} with ${reply.status}`;
      display.stderr.write(`event-display refused ${what}: ${reply.refusal}\n`);
    }
    if (body.is !== 'whole' || !server.listening) response.setHeader('connection', 'close');
    send(response, reply);
  }
}

/** A mistake of ours about one request must not end the process, and with it what others sent. */
function failed({ stderr }: Display, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  stderr.write(`event-display failed at a request from ${addressOf(request.socket)}: ${printable(why)}\n`);
  if (!response.headersSent) response.statusCode = 500;
  response.end();
}

function answerTo(display: Display, request: IncomingMessage, body: Body): Reply {
  switch (body.is) {
    case 'too large':
      return {
        ...refuse(413, `the body is larger than ${MAX_BODY} bytes`),
        text: `The body is larger than ${MAX_BODY} bytes.\n`,
      };
    case 'cut off':
      return refuse(400, `the connection ended after ${body.length} bytes of the body`);
    case 'whole': {
      if (display.logRequests) display.stderr.write(`${requestLogEntry(request, body.bytes)}\n`);
      const { method = '', url: target = '', headers } = request;
      return replyTo({ method, target, headers, body: body.bytes });
    }
  }
}

/** Writes what the reply wants printed; a reply that could not be printed becomes a refusal, for the sender to try again. */
async function printed(display: Display, reply: Reply): Promise<Reply> {
  for (const event of reply.events) {
    const error = await write(display.stdout, printEvent(event, display));
    if (error !== undefined) return refuse(500, `the event could not be written: ${error.message}`);
  }
  return reply;
}

function write(stdout: Writable, block: Buffer): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stdout.write(block, (error) => resolve(error ?? undefined));
  });
}

function send(response: ServerResponse, { status, headers, text }: Reply): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(text);
}

/** Resolves when `stdout` can take more; every request that waits shares one listener. */
function drainGate(stdout: Writable): () => Promise<void> {
  let waiting: Promise<void> | undefined;
  const open = (): void => {
    waiting = undefined;
  };
  return async () => {
    if (stdout.writableNeedDrain) await (waiting ??= once(stdout, 'drain').then(open, open));
  };
}

/**
 * What node:http could not read as a request. Nothing is said here about a connection that the other side dropped:
 * either there was no request, or its body is missed where it is read.
 */
function refuseConnection({ stderr }: Display, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = connectionStatus(error.code);
  const from = socket instanceof Socket ? addressOf(socket) : 'an unknown address';
  stderr.write(`event-display refused what came from ${from} with ${status}: ${printable(error.message)}\n`);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}

function connectionStatus(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
