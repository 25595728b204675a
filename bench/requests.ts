/**
 * Reads HTTP/1.1 requests from one connection and understands as little as it can get away with: where a head ends, its
 * Content-Length, and the number in `ce-resourceversion`. Bodies are counted, not kept. Pipelined requests and heads or
 * bodies torn anywhere are fine; chunked bodies are not (no client here sends them).
 */
export interface RequestReader {
  /** Takes what the connection brought and returns the number of requests that ended in it. */
  read(chunk: Buffer): number;
}

const END_OF_HEAD = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)\r\n/i;
const RESOURCE_VERSION = /\r\nce-resourceversion: *(\d+)\r\n/i;

/**
 * @param onRequest is called when the body of a request is complete; `version` is NaN when the head has none.
 * @throws from `read`, an Error when a head has no Content-Length.
 */
export function createRequestReader(onRequest: (version: number, bodyBytes: number) => void): RequestReader {
  let torn: Buffer | undefined;
  let version = Number.NaN;
  let bodyBytes = 0;
  /** Bytes of the current body that did not come yet; -1 while a head is expected. */
  let left = -1;

  return {
    read(chunk) {
      const bytes = torn === undefined ? chunk : Buffer.concat([torn, chunk]);
      torn = undefined;
      let ended = 0;
      let at = 0;
      for (;;) {
        if (left < 0) {
          const end = bytes.indexOf(END_OF_HEAD, at, 'latin1');
          if (end === -1) break;
          const head = bytes.toString('latin1', at, end + 2);
          version = Number(RESOURCE_VERSION.exec(head)?.[1] ?? Number.NaN);
          bodyBytes = left = contentLength(head);
          at = end + END_OF_HEAD.length;
        }
        const taken = Math.min(left, bytes.length - at);
        at += taken;
        left -= taken;
        if (left > 0) return ended;
        onRequest(version, bodyBytes);
        ended += 1;
        left = -1;
      }
      if (at < bytes.length) torn = bytes.subarray(at);
      return ended;
    },
  };
}

function contentLength(head: string): number {
  const digits = CONTENT_LENGTH.exec(head)?.[1];
  if (digits === undefined) throw new Error(`The sink needs a Content-Length, but a request has none:\n${head}`);
  return Number(digits);
}
