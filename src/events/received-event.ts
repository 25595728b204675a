import type { CloudEvent } from './cloud-event.ts';

/** The versions of CloudEvents that are understood; 0.3 is what Knative's oldest sources still send. */
export type SpecVersion = '1.0' | '0.3';

/** An event with what the wire said about it and the event itself does not keep. */
export interface ReceivedEvent {
  readonly specversion: SpecVersion;
  /** `dataschema` holds 0.3's `schemaurl`. */
  readonly event: CloudEvent;
  /** The data came as base64 inside a JSON envelope; `event.data` is what it decodes to. */
  readonly dataIsBinary: boolean;
  /** 0.3 only. */
  readonly datacontentencoding?: string;
}

/** What is wrong with one attribute (or with `data`) of an event. Its text may hold what a stranger sent. */
export interface Problem {
  readonly attribute: string;
  readonly sentence: string;
}

/** What an HTTP message turned out to be. Of an invalid one, some hundred problems are told at most. */
export type Decoded =
  | { readonly is: 'event'; readonly received: ReceivedEvent }
  | { readonly is: 'batch'; readonly received: readonly ReceivedEvent[] }
  | { readonly is: 'not an event'; readonly sentence: string }
  | { readonly is: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly is: 'malformed'; readonly sentence: string };
