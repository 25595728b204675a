/** Bytes that grow as they are written: numbers, texts, and bytes as they are. */
export interface ByteWriter {
  /** A whole number from 0 to 2^53 - 1: seven bits a byte, the lowest first, the eighth says that more follow. */
  number(value: number): void;
  /** Its length in UTF-8 as a number, and then the text. */
  text(value: string): void;
  raw(bytes: Uint8Array): void;
  /** All that was written, until more is. */
  bytes(): Buffer;
}

/** Reads what a {@link ByteWriter} wrote. Every call throws a RangeError where the bytes end too soon. */
export interface ByteReader {
  number(): number;
  text(): string;
  /** A view, not a copy. */
  raw(length: number): Buffer;
  /** How many bytes are left. */
  left(): number;
}

const FIRST_BYTES = 64 * 1024;
/** Of a number of 53 bits. */
const MOST_NUMBER_BYTES = 8;

export function createByteWriter(): ByteWriter {
  let buffer = Buffer.alloc(FIRST_BYTES);
  let length = 0;

  const reserve = (bytes: number): void => {
    if (length + bytes <= buffer.length) return;
    buffer = Buffer.concat([buffer], Math.max(buffer.length * 2, length + bytes));
  };

  const writer: ByteWriter = {
    number: (value) => {
      reserve(MOST_NUMBER_BYTES);
      let rest = value;
      while (rest >= 0x80) {
        buffer[length++] = (rest % 0x80) | 0x80;
        rest = Math.floor(rest / 0x80);
      }
      buffer[length++] = rest;
    },
    text: (value) => {
      const bytes = Buffer.from(value);
      writer.number(bytes.length);
      writer.raw(bytes);
    },
    raw: (bytes) => {
      reserve(bytes.length);
      buffer.set(bytes, length);
      length += bytes.length;
    },
    bytes: () => buffer.subarray(0, length),
  };
  return writer;
}

export function createByteReader(buffer: Buffer): ByteReader {
  let at = 0;

  const reader: ByteReader = {
    number: () => {
      let value = 0;
      for (let scale = 1, i = 0; i < MOST_NUMBER_BYTES; scale *= 0x80, i++) {
        const byte = buffer[at++];
        if (byte === undefined) throw new RangeError('a number runs past the end');
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
      throw new RangeError('a number is too long');
    },
    text: () => reader.raw(reader.number()).toString(),
    raw: (length) => {
      if (at + length > buffer.length) throw new RangeError('a text runs past the end');
      at += length;
      return buffer.subarray(at - length, at);
    },
    left: () => buffer.length - at,
  };
  return reader;
}
