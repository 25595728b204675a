import { type AnswerHead, findAnswerHead } from './answer-head.ts';

/**
 * How far the answer to a request has come. `head`: no final status yet. `body`: the status is known. `done`: all of
 * it is there. `broken`: what came is no answer of HTTP/1.1, or more of it than is wanted.
 */
export type Stage = 'head' | 'body' | 'done' | 'broken';

/** The answer to one request, as far as it has been read. */
export interface Answer {
  stage: Stage;
  /** Undefined while the stage is `head`, or where that is broken. */
  head: AnswerHead | undefined;
  /** Whether the connection may carry another request afterwards. */
  reusable: boolean;
  /** Why the stage is `broken`. */
  problem: string;
}

/**
 * Takes a part of the body: `bytes` from `start` to before `end`, which change after the call. `left`: how many more are
 * to come of the chunk that it belongs to, or of a body with a length; 0 where nobody knows. What it returns says why no
 * more is wanted; undefined: go on.
 */
export type TakeBody = (bytes: Buffer, start: number, end: number, left: number) => string | undefined;

const MOST_LINE_BYTES = 4 * 1024;
/** Of a chunk's size; more are more bytes than there are in any memory. */
const MOST_DIGITS = 8;

const LF = 0x0a;
const CR = 0x0d;

/** Reads the answers that come on one connection, one after the other (RFC 9112, sections 4 to 7 and 9.3). */
export interface AnswerReader {
  /** The answer under way; after `done` or `broken` it changes no more until {@link AnswerReader.next}. */
  readonly answer: Answer;
  /** Bytes as they came. They are not kept, so their buffer may be used again. */
  push(bytes: Buffer): Stage;
  /** The server will send no more: that completes a body without a length. */
  end(): Stage;
  /** Another request was sent. */
  next(): void;
}

type Reading = 'head' | 'length' | 'untilEnd' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer';

export function createAnswerReader(takeBody: TakeBody): AnswerReader {
  const answer: Answer = { stage: 'head', head: undefined, reusable: false, problem: '' };
  let reading: Reading = 'head';
  /** The beginning of a head or a line whose end has not come yet. */
  let torn: Buffer | undefined;
  /** Bytes of the body, or of the chunk, that are still to come. */
  let left = 0;

  const broken = (problem: string): void => {
    answer.stage = 'broken';
    answer.problem = problem;
    answer.reusable = false;
  };

  /** Reads on in what was torn and what came now, and says how much of `bytes` is read then. */
  const joined = (bytes: Buffer, at: number, read: (all: Buffer, from: number) => number): number => {
    if (torn === undefined) return read(bytes, at);
    const before = torn.length;
    const all = Buffer.concat([torn, bytes.subarray(at)]);
    torn = undefined;
    return at + read(all, 0) - before;
  };

  const readHead = (bytes: Buffer, at: number): number => {
    const found = findAnswerHead(bytes, at);
    if (found === undefined) torn = Buffer.from(bytes.subarray(at));
    else if (typeof found === 'string') broken(found);
    else {
      take(found.head);
      return found.end;
    }
    return bytes.length;
  };

  const take = (head: AnswerHead): void => {
    // Merely informs; the answer is still to come (RFC 9110, 15.2). A switch of protocols was not asked for.
    if (head.status < 200) {
      if (head.status === 101) broken('it switches to another protocol');
      return;
    }
    // These two have no body, whatever their head says (RFC 9110, 15.3.5 and 15.4.5).
    const body = head.status === 204 || head.status === 304 ? 0 : head.body;
    answer.head = head;
    answer.reusable = head.persistent && body !== 'untilEnd';
    answer.stage = body === 0 ? 'done' : 'body';
    if (body === 0) return;
    if (body === 'chunked') reading = 'chunkSize';
    else if (body === 'untilEnd') reading = 'untilEnd';
    else {
      reading = 'length';
      left = body;
    }
  };

  const readData = (bytes: Buffer, at: number, most: number): number => {
    const end = Math.min(bytes.length, at + most);
    left -= end - at;
    const problem = takeBody(bytes, at, end, reading === 'untilEnd' ? 0 : left);
    if (problem !== undefined) broken(problem);
    return end;
  };

  /** Calls `use` with the next line, without its end, once all of it is there. */
  const readLine = (bytes: Buffer, at: number, use: (line: string) => void): number => {
    const end = bytes.indexOf(LF, at);
    if ((end < 0 ? bytes.length : end) - at > MOST_LINE_BYTES) broken('a line of its chunked body is too long');
    else if (end < 0) torn = Buffer.from(bytes.subarray(at));
    else if (bytes[end - 1] !== CR || end === at) broken('a line of its chunked body ends without a carriage return');
    else use(bytes.toString('latin1', at, end - 1));
    return end < 0 ? bytes.length : end + 1;
  };

  const chunkOf = (size: number): void => {
    left = size;
    reading = size === 0 ? 'trailer' : 'chunk';
  };

  const chunkSize = (line: string): void => {
    const size = /^([\da-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
    if (size === undefined) broken('a chunk of its body has no size');
    else chunkOf(Number.parseInt(size, 16));
  };

  /** A line with nothing but a size, as nearly all are, is read as the bytes that it is. */
  const readChunkSize = (bytes: Buffer, at: number): number => {
    if (torn === undefined) {
      let size = 0;
      let i = at;
      for (let digit = hexDigit(bytes[i]); digit >= 0; digit = hexDigit(bytes[++i])) size = size * 16 + digit;
      if (i > at && i - at <= MOST_DIGITS && bytes[i] === CR && bytes[i + 1] === LF) {
        chunkOf(size);
        return i + 2;
      }
    }
    return joined(bytes, at, (all, from) => readLine(all, from, chunkSize));
  };

  const chunkEnd = (line: string): void => {
    if (line === '') reading = 'chunkSize';
    else broken('a chunk of its body is longer than its size');
  };

  const readChunkEnd = (bytes: Buffer, at: number): number => {
    if (torn === undefined && bytes[at] === CR && bytes[at + 1] === LF) {
      reading = 'chunkSize';
      return at + 2;
    }
    return joined(bytes, at, (all, from) => readLine(all, from, chunkEnd));
  };

  const trailer = (line: string): void => {
    if (line === '') answer.stage = 'done';
  };

  const step = (bytes: Buffer, at: number): number => {
    switch (reading) {
      case 'head':
        return joined(bytes, at, readHead);
      case 'length': {
        const end = readData(bytes, at, left);
        if (left === 0 && answer.stage === 'body') answer.stage = 'done';
        return end;
      }
      case 'untilEnd':
        return readData(bytes, at, bytes.length);
      case 'chunkSize':
        return readChunkSize(bytes, at);
      case 'chunk': {
        const end = readData(bytes, at, left);
        if (left === 0) reading = 'chunkEnd';
        return end;
      }
      case 'chunkEnd':
        return readChunkEnd(bytes, at);
      case 'trailer':
        return joined(bytes, at, (all, from) => readLine(all, from, trailer));
    }
  };

  return {
    answer,
    push(bytes) {
      let at = 0;
      while (at < bytes.length && (answer.stage === 'head' || answer.stage === 'body')) at = step(bytes, at);
      // Whoever sends more than was asked for is not to be understood any further.
      if (at < bytes.length) answer.reusable = false;
      return answer.stage;
    },
    end() {
      if (answer.stage === 'body' && reading === 'untilEnd') answer.stage = 'done';
      answer.reusable = false;
      return answer.stage;
    },
    next() {
      answer.stage = 'head';
      answer.head = undefined;
      answer.reusable = false;
      answer.problem = '';
      reading = 'head';
      torn = undefined;
    },
  };
}

/** -1 for what is none. */
function hexDigit(c: number | undefined): number {
  if (c === undefined) return -1;
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
