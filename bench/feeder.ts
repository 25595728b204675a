import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Feed, FeederOptions, Listening } from './messages.ts';
import { createStore } from './store.ts';
import { headVersion, writeBookmarks, writeEndOfInitialEvents, writeEvents, writeInitialEvents } from './stream.ts';
import { FIRST_VERSION } from './objects.ts';

/**
 * The scripted API server of the benchmark, a process of its own: discovery, empty lists, streaming lists of Pods, the
 * few objects that a client stores itself, and watches of Pods that bring events as fast as they are read.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as FeederOptions;
const store = createStore();
let raised = Promise.withResolvers<void>();
const course = { upTo: 0, raised: raised.promise, written: 0 };

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://feeder');
  const resource = url.pathname.split('/').at(-1) ?? '';
  if (isTrue(url.searchParams.get('watch'))) {
    await watch(request, response, { kind: resource === 'pods' ? 'Pod' : 'ConfigMap', query: url.searchParams });
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const method = request.method ?? 'GET';
  const { status, body } = store.handle(method, url.pathname, Buffer.concat(chunks), headVersion(course.written));
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function watch(
  request: IncomingMessage,
  response: ServerResponse,
  { kind, query }: { kind: string; query: URLSearchParams },
): Promise<void> {
  const socket = streamOn(response);
  const initial = isTrue(query.get('sendInitialEvents'));
  const onlyMetadata = (request.headers.accept ?? '').includes('as=PartialObjectMetadata');
  if (initial) {
    if (kind === 'Pod') await writeInitialEvents(socket, options, onlyMetadata ? 'metadata' : 'objects');
    await writeEndOfInitialEvents(socket, kind, course);
  }
  if (kind !== 'Pod' || onlyMetadata) return writeBookmarks(socket, kind, course);
  const version = query.get('resourceVersion');
  const from = initial || !version || version === '0' ? course.written : Number(version) + 1 - FIRST_VERSION;
  return writeEvents(socket, from, options, course);
}

/** Sends the head of an endless chunked answer; the chunks are written to the socket, framed by the writer. */
function streamOn(response: ServerResponse): Socket {
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
  response.flushHeaders();
  if (response.socket === null) throw new Error('The connection of a watch closed before it was answered.');
  return response.socket;
}

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true';
}

process.on('message', ({ upTo }: Feed) => {
  course.upTo = upTo;
  const before = raised;
  raised = Promise.withResolvers<void>();
  course.raised = raised.promise;
  before.resolve();
});

const listener: RequestListener = (request, response) => void answer(request, response);
const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The feeder listens on no TCP port.');
  process.send?.({ kind: 'listening', port: address.port } satisfies Listening);
});
