import { KubeError } from '../kube/errors.ts';

const LINE_FEED = 0x0a;

/**
 * The longest line that is taken, in bytes. etcd refuses objects above 1.5 MiB, and a watch line wraps one object,
 * so 8 MiB means that something other than an API server is talking.
 */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

/** Cuts a watch response into its lines. A line is complete only with its line feed: a torn tail never comes out. */
export interface LineSplitter {
  /** The lines that `chunk` completes, without line feeds; mostly slices of `chunk` itself. Throws KubeError `malformed` at a line over the limit. */
  push(chunk: Buffer): Buffer[];
}

export function createLineSplitter(maxBytes: number = MAX_LINE_BYTES): LineSplitter {
  let tail: Buffer[] = [];
  let tailBytes = 0;

  const keep = (piece: Buffer): void => {
    tail.push(piece);
    tailBytes += piece.length;
    if (tailBytes > maxBytes) throw lineTooLong(tailBytes, maxBytes);
  };

  return {
    push: (chunk) => {
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        const piece = chunk.subarray(start, end);
        start = end + 1;
        if (tailBytes === 0 && piece.length <= maxBytes) {
          lines.push(piece);
          continue;
        }
        keep(piece);
        lines.push(Buffer.concat(tail, tailBytes));
        tail = [];
        tailBytes = 0;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
      return lines;
    },
  };
}

function lineTooLong(bytes: number, maxBytes: number): KubeError {
  return new KubeError(
    'malformed',
    `The watch sent a line of more than ${maxBytes} bytes (${bytes} so far); no Kubernetes object is that large. Check what answers at the API server's address.`,
  );
}
