import { shownText, withoutPassword } from '../process/shown.ts';

export type ReadSinkUrl =
  | { readonly url: URL; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[] };

const WANTED = 'it must be an absolute URL such as http://broker-ingress.shop.svc.cluster.local';
const NOT_ABSOLUTE = `is not an absolute URL; ${WANTED}`;
/** What WHATWG's parser drops or mends in silence. */
const MENDED = /[\p{White_Space}\p{Cc}\\]/u;

/** Reads `K_SINK`. No sentence shows its user, password or query. */
export function readSinkUrl(text: string | undefined): ReadSinkUrl {
  const trimmed = (text ?? '').trim();
  if (trimmed === '') return { problems: [`K_SINK is not set; ${WANTED}.`] };
  const malformed = whyMalformed(trimmed);
  const url = URL.parse(trimmed);
  const problems = malformed !== undefined || url === null ? [malformed ?? NOT_ABSOLUTE] : problemsOf(url);
  if (url === null || problems.length > 0) {
    const shown = shownText(withoutPassword(trimmed).replace(/[?#].*$/s, ''));
    return { problems: problems.map((problem) => `K_SINK ${problem}: found ${shown}.`) };
  }
  return { url, warnings: trimmed === text ? [] : ['K_SINK has white space around it, which was taken off.'] };
}

/** What can be said before the URL is parsed. */
function whyMalformed(text: string): string | undefined {
  if (MENDED.test(text)) return 'has white space, a control character or a backslash inside; write it percent-encoded';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    return `has the scheme ${scheme}; only http and https can be sent to`;
  }
  // WHATWG's parser would find a host in `http:sink` and `http:///sink`, too.
  return /^https?:\/\/[^/?#]/i.test(text) ? undefined : NOT_ABSOLUTE;
}

function problemsOf(url: URL): string[] {
  const problems: string[] = [];
  if (url.username !== '' || url.password !== '') {
    problems.push('has a user or a password in front of its host; take them out, they are not sent');
  }
  if (url.port === '0') problems.push('has the port 0, where nobody can listen; name the port of the sink');
  if (url.hash !== '') problems.push('has a fragment; take it out, it is not sent');
  return problems;
}
