/** What the bench and its helpers say to each other over IPC. */

export interface FeederOptions {
  readonly objectBytes: number;
  /** Number of distinct objects that the events are about. */
  readonly objects: number;
  /** Whether they exist before the first event. Default: no. */
  readonly existing?: boolean;
  /** To be an https server, in PEM. Default: http. */
  readonly tls?: { readonly cert: string; readonly key: string };
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

export type ToSink = Await | Reach;

/** To the sink: from now on refuse connections, or take them again, which it answers with `Listening`. */
export interface Reach {
  readonly kind: 'down' | 'up';
}

/** To the sink: report when the events with sequence numbers below `upTo` are all there, or lost. */
export interface Await {
  readonly kind: 'await';
  readonly upTo: number;
}

/** From a helper, once for each time that it begins to: it accepts connections on 127.0.0.1. */
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

/** From the sink of the latency benchmark, as the answer to any message. */
export interface Arrivals {
  readonly kind: 'arrivals';
  /** The `ce-resourceversion` of each request, NaN where it has none, and the monotonic time in microseconds. */
  readonly came: readonly (readonly [version: number, at: number])[];
}
