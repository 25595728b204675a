/** What the bench and its helpers say to each other over IPC. */

export interface FeederOptions {
  readonly objectBytes: number;
  /** Number of distinct objects that the events are about. */
  readonly objects: number;
}

/** To the feeder: write the events with sequence numbers below `upTo` to every watch of Pods. */
export interface Feed {
  readonly kind: 'feed';
  readonly upTo: number;
}

export interface SinkOptions {
  /** Number of events in the whole run. */
  readonly events: number;
  readonly bodyBytes: number;
  /** Wait before each answer, in milliseconds. */
  readonly delay: number;
  /** When nothing new came for so long, in milliseconds, what is missing is lost and the report says so. */
  readonly patience: number;
}

/** To the sink: report when the events with sequence numbers below `upTo` are all there, or lost. */
export interface Await {
  readonly kind: 'await';
  readonly upTo: number;
}

/** From a helper, once: it accepts connections on 127.0.0.1. */
export interface Listening {
  readonly kind: 'listening';
  readonly port: number;
}

/** From the sink, as the answer to `Await`. */
export interface Report extends Counts {
  readonly kind: 'report';
  /** Monotonic time in microseconds at which the last new event arrived; the same clock in every process. */
  readonly at: number;
}

export interface Counts {
  /** Events seen at least once. */
  readonly seen: number;
  /** Requests that brought an event seen before. */
  readonly repeated: number;
  /** Requests whose `ce-resourceversion` is no event of this run. */
  readonly unknown: number;
  /** Events whose body has another length than the object had in the watch line. */
  readonly altered: number;
}
