/** One token of RFC 9110, section 5.6.2, and after a slash another. */
const TYPE = /^[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?$/;

/** What comes before the parameters: `application/json` of `application/json; charset=utf-8`. */
export function mediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim();
}

/**
 * Whether `contentType` starts as RFC 2046 wants it. A type without subtype passes, as with upstream; parameters are
 * not judged.
 */
export function isContentType(contentType: string): boolean {
  return TYPE.test(mediaType(contentType));
}

/** Whether data of this type is JSON: the subtype is `json` or ends in `+json` (CloudEvents JSON event format, 3.1). */
export function isJsonType(contentType: string): boolean {
  return /[/+]json$/i.test(mediaType(contentType));
}
