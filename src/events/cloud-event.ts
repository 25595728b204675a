/** What a CloudEvents attribute can be here: a String or URI as text, a Boolean, or an Integer. */
export type AttributeValue = string | number | boolean;

/** A CloudEvent 1.0. `data` is the payload's bytes, sent as they are; names of extensions are lower-case alphanumerics. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  readonly extensions: Readonly<Record<string, AttributeValue>>;
  readonly data?: Uint8Array;
}
