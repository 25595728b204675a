import type { IncomingMessage } from 'node:http';

/** What REQUEST_LOGGING_ENABLED says at the start: upstream's sentence. */
export const REQUEST_LOGGING_WARNING =
  'Request logging enabled, request logging is not recommended for production since it might log sensitive information';

/**
 * A request as indented JSON with the names that Knative's event_display gives its parts, header names in Go's
 * spelling. Left out are what upstream leaves out (zero values) and the parts of its URL object that a request line never has.
 */
export function requestLogEntry(request: IncomingMessage, body: Buffer): string {
  const { method, url = '/', httpVersion, httpVersionMajor, httpVersionMinor, socket } = request;
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const { host, ...headers } = request.headersDistinct;
  const entry = {
    method,
    URL: { Path: path, RawQuery: query },
    proto: `HTTP/${httpVersion}`,
    protoMajor: httpVersionMajor,
    protoMinor: httpVersionMinor,
    headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [canonicalName(name), values])),
    body: body.length === 0 ? undefined : body.toString('utf8'),
    contentLength: body.length === 0 ? undefined : body.length,
    host: host?.[0],
    remoteAddr: `${socket.remoteAddress}:${socket.remotePort}`,
    requestURI: url,
  };
  return JSON.stringify(entry, null, 2);
}

/** `ce-id` becomes `Ce-Id`. */
function canonicalName(name: string): string {
  return name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
