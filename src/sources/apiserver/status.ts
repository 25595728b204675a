import type { Condition } from '../../reconcile/conditions.ts';
import type { SinkAddress } from '../../reconcile/destination.ts';
import type { Facts } from './facts.ts';
import type { ApiServerSourceStatus, Spec } from './spec.ts';
import type { Target } from './watched.ts';

/** What is known once the sink is. */
interface Known {
  readonly spec: Spec;
  readonly sink: SinkAddress;
  readonly target: Target;
}

const VERBS = ['add', 'delete', 'update'];

/** The status. Where the sink is not known it keeps what it said of it and of the rest, as upstream's does. */
export function statusOf(
  { source, installation, report }: Facts,
  conditions: readonly Condition[],
  known: Known | undefined,
): ApiServerSourceStatus {
  const before = source.status ?? {};
  const { generation } = source.metadata;
  const common = { ...(generation !== undefined && { observedGeneration: generation }), conditions };
  if (known === undefined) return { ...before, ...common };
  const {
    sinkUri: _uri,
    sinkCACerts: _certificates,
    sinkAudience: _audience,
    auth: _auth,
    adapter: _adapter,
    ...rest
  } = before;
  return {
    ...rest,
    ...common,
    sinkUri: known.sink.uri,
    ...(known.sink.CACerts && { sinkCACerts: known.sink.CACerts }),
    ...(known.sink.audience && {
      sinkAudience: known.sink.audience,
      auth: { serviceAccountName: known.spec.serviceAccountName },
    }),
    ceAttributes: ceAttributes(known.spec, installation.apiServer),
    namespaces: known.target.names,
    ...(report.is === 'report' && known.spec.checkpoint !== 'None' && { adapter: adapterStatus(report.report) }),
  };
}

function ceAttributes({ mode }: Spec, source: string): NonNullable<ApiServerSourceStatus['ceAttributes']> {
  const kind = mode === 'Resource' ? 'resource' : 'ref';
  return VERBS.map((verb) => ({ type: `dev.knative.apiserver.${kind}.${verb}`, source }));
}

function adapterStatus(
  report: Extract<Facts['report'], { is: 'report' }>['report'],
): NonNullable<ApiServerSourceStatus['adapter']> {
  const { lastEventTime, lagSeconds, gaps, lastGap, streams } = report;
  return {
    ...(lastEventTime !== undefined && { lastEventTime }),
    ...(lagSeconds !== undefined && { lagSeconds }),
    gaps,
    ...(lastGap !== undefined && { lastGap }),
    streams: { total: streams.total, established: streams.established },
  };
}
