/** As much of a body as a dead letter tells. */
const KEPT_BYTES = 1_024;
/** A body means nothing to us; one that is longer costs its connection. */
const MOST_BODY_BYTES = 64 * 1024;

/** The beginning of an answer's body. */
export interface KeptBody {
  /** See `TakeBody` of the reader of answers. */
  take(bytes: Buffer, start: number, end: number): string | undefined;
  /** At most 1 KB. */
  bytes(): Buffer;
  /** Another answer is to come. */
  clear(): void;
}

export function createKeptBody(): KeptBody {
  const parts: Buffer[] = [];
  let length = 0;
  return {
    take: (bytes, start, end) => {
      if (length < KEPT_BYTES)
        parts.push(Buffer.from(bytes.subarray(start, Math.min(end, start + KEPT_BYTES - length))));
      length += end - start;
      return length > MOST_BODY_BYTES ? `its body is longer than ${MOST_BODY_BYTES} bytes` : undefined;
    },
    bytes: () => Buffer.concat(parts),
    clear: () => {
      if (length === 0) return;
      parts.length = 0;
      length = 0;
    },
  };
}
