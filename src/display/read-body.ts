import type { IncomingMessage } from 'node:http';

/** The body of a request: all of it, or why not. */
export type Body =
  | { readonly is: 'whole'; readonly bytes: Buffer }
  | { readonly is: 'too large' }
  | { readonly is: 'cut off'; readonly length: number };

/** Reads a body of at most `limit` bytes into memory; a larger one is left unread from there on. */
export function readBody(request: IncomingMessage, limit: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve({ is: 'too large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else resolve({ is: 'too large' });
    });
    request.on('end', () => resolve({ is: 'whole', bytes: Buffer.concat(chunks, length) }));
    request.on('close', () => resolve({ is: 'cut off', length }));
  });
}
