/** What is asked, in a DNS message (RFC 1035, section 4). */
export interface Question {
  readonly id: number;
  /** In lower case, without the dot at the end. */
  readonly name: string;
  readonly type: number;
  /** Whether the asker wants the server to ask others; it is repeated in the answer. */
  readonly recursionDesired: boolean;
  /** The question's own bytes, which the answer repeats. */
  readonly bytes: Buffer;
}

/** What is known of a name. */
export type Resolution =
  | { readonly is: 'known'; readonly addresses: readonly string[] }
  | { readonly is: 'unknown' }
  /** It could not be found out; the asker may try again. */
  | { readonly is: 'failed' };

const HEADER = 12;
const TYPE_A = 1;
const CLASS_IN = 1;
/** A pointer to the name of the question, which follows the header. */
const NAME_OF_QUESTION = 0xc000 | HEADER;
/** Seconds for which an answer may be kept: services come and go in tests. */
const TTL = 1;
const RESPONSE_CODES = { known: 0, failed: 2, unknown: 3 } as const;

/** Reads a query with one question; undefined for everything else. */
export function readQuestion(message: Buffer): Question | undefined {
  if (message.length < HEADER) return undefined;
  const flags = message.readUInt16BE(2);
  const isQuery = (flags & 0xf800) === 0;
  if (!isQuery || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return {
    id: message.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(at),
    recursionDesired: (flags & 0x0100) !== 0,
    bytes: message.subarray(HEADER, at + 4),
  };
}

/** The answer to a question. A name that is known has no records of other types than A: that is not an error. */
export function writeAnswer(question: Question, resolution: Resolution): Buffer {
  const addresses = resolution.is === 'known' && question.type === TYPE_A ? resolution.addresses : [];
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(question.id, 0);
  // A response (0x8000) with authority (0x0400), from a server that can ask others (0x0080), or so it says: some
  // resolvers distrust those that cannot.
  const recursion = question.recursionDesired ? 0x0100 : 0;
  header.writeUInt16BE(0x8480 | recursion | RESPONSE_CODES[resolution.is], 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([header, question.bytes, ...addresses.map(addressRecord)]);
}

function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(NAME_OF_QUESTION, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(TTL, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split('.').map(Number)).copy(record, 12);
  return record;
}
