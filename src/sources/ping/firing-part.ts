import { LRUCache } from 'lru-cache';
import type { PingSource } from './spec.ts';

/** Sinks and certificates, which many sources have in common and each brings a copy of. */
const common = new LRUCache<string, string>({ max: 1_000 });

/**
 * What an informer has to hold of a source for `firingOf`: a third of an object as the API server has it, and much less
 * where annotations repeat it, or certificates come with it.
 */
export function firingPart({ apiVersion, kind, metadata, spec, status }: PingSource): PingSource {
  const { name, namespace, uid, creationTimestamp, deletionTimestamp } = metadata;
  const { schedule, timezone, contentType, data, dataBase64, jsonData, ceOverrides } = spec;
  const { sinkUri, sinkCACerts, conditions = [] } = status ?? {};
  const provided = conditions.find(({ type }) => type === 'SinkProvided');
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      uid,
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    spec: {
      ...(schedule !== undefined && { schedule: inCommon(schedule) }),
      ...(timezone !== undefined && { timezone: inCommon(timezone) }),
      ...(contentType !== undefined && { contentType: inCommon(contentType) }),
      ...(data !== undefined && { data }),
      ...(dataBase64 !== undefined && { dataBase64 }),
      ...(jsonData !== undefined && { jsonData }),
      ...(ceOverrides !== undefined && { ceOverrides }),
    },
    ...(status !== undefined && {
      status: {
        ...(sinkUri !== undefined && { sinkUri: inCommon(sinkUri) }),
        ...(sinkCACerts !== undefined && { sinkCACerts: inCommon(sinkCACerts) }),
        ...(provided !== undefined && { conditions: [provided] }),
      },
    }),
  };
}

/** The same text, of which there is one in memory. */
function inCommon(text: string): string {
  const known = common.get(text);
  if (known !== undefined) return known;
  common.set(text, text);
  return text;
}
