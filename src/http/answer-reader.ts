import { type AnswerHead, mayBecomeAnswer, readAnswerHead } from './answer-head.ts';

/**
 * How far the answer to a request has come. `head`: no final status yet. `body`: the status is known. `done`: all of
 * it is there. `broken`: what came is no answer of HTTP/1.1, or more of it than is read.
 */
export type Stage = 'head' | 'body' | 'done' | 'broken';

/** The answer to one request, as far as it has been read. */
export interface Answer {
  stage: Stage;
  /** 0 while the stage is `head`. */
  status: number;
  retryAfter: string | undefined;
  /** The beginning of the body, at most {@link KEPT_BYTES}. */
  readonly body: Buffer[];
  /** Whether the connection may carry another request afterwards. */
  reusable: boolean;
  /** How long the server says that it keeps an idle connection, in milliseconds. */
  keepAliveMs: number | undefined;
  /** Why the stage is `broken`. */
  problem: string;
}

/** As much of a body as a dead letter tells. */
const KEPT_BYTES = 1_024;
/** A body means nothing to us; one that is longer costs its connection. */
const MOST_BODY_BYTES = 64 * 1024;
/** What llhttp and Go's client allow or more; nobody answers an event with so many headers. */
const MOST_HEAD_BYTES = 64 * 1024;
const MOST_LINE_BYTES = 4 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const HEAD_END = Buffer.from('\r\n\r\n');

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

export function createAnswerReader(): AnswerReader {
  const answer: Answer = {
    stage: 'head',
    status: 0,
    retryAfter: undefined,
    body: [],
    reusable: false,
    keepAliveMs: undefined,
    problem: '',
  };
  let reading: Reading = 'head';
  /** The beginning of a head or a line whose end has not come yet. */
  let torn: Buffer | undefined;
  /** Bytes of the body, or of the chunk, that are still to come. */
  let left = 0;
  let bodyBytes = 0;

  const broken = (problem: string): void => {
    answer.stage = 'broken';
    answer.problem = problem;
    answer.reusable = false;
  };

  /** All that was torn before, and `bytes`. */
  const joined = (bytes: Buffer): Buffer => {
    if (torn === undefined) return bytes;
    const all = Buffer.concat([torn, bytes]);
    torn = undefined;
    return all;
  };

  const readHead = (bytes: Buffer): Buffer => {
    const all = joined(bytes);
    const end = all.indexOf(HEAD_END);
    if (end < 0 || end > MOST_HEAD_BYTES) {
      if (!mayBecomeAnswer(all)) broken('it is not HTTP/1.1');
      else if (all.length > MOST_HEAD_BYTES) broken(`its head is longer than ${MOST_HEAD_BYTES} bytes`);
      else torn = Buffer.from(all);
      return NOTHING;
    }
    const head = readAnswerHead(all.toString('latin1', 0, end));
    if (typeof head === 'string') broken(head);
    else take(head);
    return all.subarray(end + HEAD_END.length);
  };

  const take = (head: AnswerHead): void => {
    // Merely informs; the answer is still to come (RFC 9110, 15.2). A switch of protocols was not asked for.
    if (head.status < 200) {
      if (head.status === 101) broken('it switches to another protocol');
      return;
    }
    answer.status = head.status;
    answer.retryAfter = head.retryAfter;
    answer.keepAliveMs = head.keepAliveMs;
    // These two have no body, whatever their head says (RFC 9110, 15.3.5 and 15.4.5).
    const body = head.status === 204 || head.status === 304 ? 0 : head.body;
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

  const readData = (bytes: Buffer, most: number): Buffer => {
    const data = bytes.length > most ? bytes.subarray(0, most) : bytes;
    if (bodyBytes < KEPT_BYTES) answer.body.push(Buffer.from(data.subarray(0, KEPT_BYTES - bodyBytes)));
    bodyBytes += data.length;
    left -= data.length;
    if (bodyBytes > MOST_BODY_BYTES) broken(`its body is longer than ${MOST_BODY_BYTES} bytes`);
    return bytes.subarray(data.length);
  };

  /** Calls `use` with the next line, without its end, once all of it is there. */
  const readLine = (bytes: Buffer, use: (line: string) => void): Buffer => {
    const all = joined(bytes);
    const end = all.indexOf(LF);
    if ((end < 0 ? all.length : end) > MOST_LINE_BYTES) broken('a line of its chunked body is too long');
    else if (end < 0) torn = Buffer.from(all);
    else if (all[end - 1] !== CR) broken('a line of its chunked body ends without a carriage return');
    else use(all.toString('latin1', 0, end - 1));
    return end < 0 ? NOTHING : all.subarray(end + 1);
  };

  const chunkSize = (line: string): void => {
    const size = /^([\da-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
    if (size === undefined) {
      broken('a chunk of its body has no size');
      return;
    }
    left = Number.parseInt(size, 16);
    reading = left === 0 ? 'trailer' : 'chunk';
  };

  const chunkEnd = (line: string): void => {
    if (line === '') reading = 'chunkSize';
    else broken('a chunk of its body is longer than its size');
  };

  const trailer = (line: string): void => {
    if (line === '') answer.stage = 'done';
  };

  const step = (bytes: Buffer): Buffer => {
    switch (reading) {
      case 'head':
        return readHead(bytes);
      case 'length': {
        const rest = readData(bytes, left);
        if (left === 0 && answer.stage === 'body') answer.stage = 'done';
        return rest;
      }
      case 'untilEnd':
        return readData(bytes, bytes.length);
      case 'chunkSize':
        return readLine(bytes, chunkSize);
      case 'chunk': {
        const rest = readData(bytes, left);
        if (left === 0) reading = 'chunkEnd';
        return rest;
      }
      case 'chunkEnd':
        return readLine(bytes, chunkEnd);
      case 'trailer':
        return readLine(bytes, trailer);
    }
  };

  return {
    answer,
    push(bytes) {
      let rest = bytes;
      while (rest.length > 0 && (answer.stage === 'head' || answer.stage === 'body')) rest = step(rest);
      // Whoever sends more than was asked for is not to be understood any further.
      if (rest.length > 0) answer.reusable = false;
      return answer.stage;
    },
    end() {
      if (answer.stage === 'body' && reading === 'untilEnd') answer.stage = 'done';
      answer.reusable = false;
      return answer.stage;
    },
    next() {
      answer.stage = 'head';
      answer.status = 0;
      answer.retryAfter = undefined;
      answer.reusable = false;
      answer.keepAliveMs = undefined;
      answer.problem = '';
      if (answer.body.length > 0) answer.body.length = 0;
      reading = 'head';
      torn = undefined;
      bodyBytes = 0;
    },
  };
}

const NOTHING = Buffer.alloc(0);
