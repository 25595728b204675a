/** How many requests the API server has answered so far, by what was asked: `PATCH apiserversources/status`. */
export type Requests = ReadonlyMap<string, number>;

const SERIES = /^apiserver_request_total\{(.*)\} (\d+)$/gm;

/**
 * Reads them out of the API server's page of metrics. A watch is counted when it ends.
 * @param page in the text format of Prometheus
 */
export function readRequests(page: string): Requests {
  const requests = new Map<string, number>();
  for (const [, labels = '', count] of page.matchAll(SERIES)) {
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const [verb, resource, subresource] = [label('verb'), label('resource'), label('subresource')];
    const what = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`.trimEnd();
    requests.set(what, (requests.get(what) ?? 0) + Number(count));
  }
  return requests;
}

/** What was asked between two readings, the most frequent first. */
export function requestsBetween(
  before: Requests,
  after: Requests,
): readonly (readonly [what: string, count: number])[] {
  return Array.from(after, ([what, count]) => [what, count - (before.get(what) ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
}
