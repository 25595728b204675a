const LENGTH = 64;

/** Text for a sentence: in quotes, without control characters, and no longer than a reader needs to find it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LENGTH ? `${text.slice(0, LENGTH - 1)}…` : text);
}
