import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FeederOptions } from './messages.ts';
import { FIRST_VERSION, lineTemplate, type LineTemplate, metadataTemplate, patchLine } from './objects.ts';

/** How far the streams of Pods may go and went. */
export interface Course {
  /** Sequence number of the first event that must not be written yet. */
  readonly upTo: number;
  /** Resolves when `upTo` grows. */
  readonly raised: Promise<void>;
  /** Sequence number after the last event that any stream wrote or is writing: where the server's head is. */
  written: number;
}

/** Large enough that what a write costs does not show in the cost of an event. */
const BATCH_BYTES = 256 * 1024;

/**
 * Writes the events from sequence number `from` on as fast as the client reads them, and a bookmark a second while
 * there are none. An event's number says what it is: the first ones add each object that
 * does not exist, all others modify them in turn.
 * It ends with the connection.
 */
export async function writeEvents(socket: Socket, from: number, options: FeederOptions, course: Course): Promise<void> {
  const added = createBatch(lineTemplate('ADDED', options.objectBytes));
  const modified = createBatch(lineTemplate('MODIFIED', options.objectBytes));
  const absent = options.objects - existingIn(options);
  let next = from;
  while (!socket.destroyed) {
    if (next < course.upTo) {
      const [batch, end] = next < absent ? [added, absent] : [modified, Infinity];
      const count = Math.min(end, course.upTo, next + batch.size) - next;
      const bytes = batch.fill(next, count, options.objects);
      next += count;
      // A client may have read of it while the rest waits for the client.
      course.written = Math.max(course.written, next);
      await write(socket, bytes);
    } else {
      await Promise.race([course.raised, delay(1000)]);
      if (next >= course.upTo) await write(socket, frame(bookmark('Pod', next)));
    }
  }
}

/** Keeps the stream of a resource on which nothing happens alive. */
export async function writeBookmarks(socket: Socket, kind: string, course: Course): Promise<void> {
  while (!socket.destroyed) {
    await delay(1000);
    await write(socket, frame(bookmark(kind, course.written)));
  }
}

/** The initial events of a streaming list (KEP-3157): the objects that exist before the first event. */
export async function writeInitialEvents(
  socket: Socket,
  options: FeederOptions,
  carries: 'objects' | 'metadata',
): Promise<void> {
  const batch = createBatch(carries === 'objects' ? lineTemplate('ADDED', options.objectBytes) : metadataTemplate());
  // The last of them has the version before that of the first event.
  for (let next = -existingIn(options); next < 0 && !socket.destroyed; next += batch.size) {
    await write(socket, batch.fill(next, Math.min(batch.size, -next), options.objects));
  }
}

function existingIn({ existing = false, objects }: FeederOptions): number {
  return existing ? objects : 0;
}

/** The bookmark that ends them. */
export function writeEndOfInitialEvents(socket: Socket, kind: string, course: Course): Promise<void> {
  return write(socket, frame(bookmark(kind, course.written, { 'k8s.io/initial-events-end': 'true' })));
}

/** The resourceVersion of a server that wrote the events with sequence numbers below `written`. */
export function headVersion(written: number): string {
  return String(FIRST_VERSION + written - 1);
}

function bookmark(kind: string, written: number, annotations?: Record<string, string>): Buffer {
  const metadata = { resourceVersion: headVersion(written), annotations };
  return Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion: 'v1', metadata } })}\n`);
}

/** An HTTP chunk of its own for each line, as kube-apiserver flushes after each event. */
function frame(line: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${line.length.toString(16)}\r\n`), line, Buffer.from('\r\n')]);
}

/**
 * The memory that a stream's writes are made in, framed once. It may be filled again when the write before is through.
 */
interface Batch {
  /** Number of lines that fit. */
  readonly size: number;
  /** The frames of `count` events from sequence number `from` on. */
  fill(from: number, count: number, objects: number): Buffer;
}

function createBatch(template: LineTemplate): Batch {
  const framed = frame(template.bytes);
  const lead = framed.indexOf(template.bytes);
  const size = Math.ceil(BATCH_BYTES / framed.length);
  const buffer = Buffer.alloc(size * framed.length, framed);
  return {
    size,
    fill(from, count, objects) {
      for (let index = 0; index < count; index += 1) {
        const sequence = from + index;
        // Those before the first event have negative numbers.
        const object = sequence < 0 ? sequence + objects : sequence % objects;
        const change = { object, version: FIRST_VERSION + sequence };
        patchLine(buffer, index * framed.length + lead, template, change);
      }
      return buffer.subarray(0, count * framed.length);
    },
  };
}

/** Resolves when the kernel took all bytes, or when the connection is gone. */
function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve());
  });
}
