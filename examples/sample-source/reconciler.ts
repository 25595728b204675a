import {
  defineReconciler,
  deployedCondition,
  type KubeObject,
  type Made,
  type ReconcileContext,
  type Reconciler,
} from '../../src/sdk.ts';
import { type Installation, receiveAdapter, sinkBinding } from './children.ts';
import { DEPLOYMENTS, SAMPLE_SOURCES, type SampleSource, SINK_BINDINGS } from './kinds.ts';

interface SinkBinding extends KubeObject {
  readonly status?: { readonly sinkUri?: string };
}

/** Keeps a Deployment and a SinkBinding for each SampleSource. */
export function sampleSource(installation: Installation): Reconciler {
  return defineReconciler<SampleSource>({
    name: 'samplesource',
    kind: SAMPLE_SOURCES,
    conditions: { happy: 'Ready', dependents: ['SinkProvided', 'Deployed'] },
    owns: [DEPLOYMENTS, SINK_BINDINGS],
    reconcile: async (source, context) => {
      const { namespace = '', name } = source.metadata;

      const adapter = await context.apply(DEPLOYMENTS, receiveAdapter(source, installation));
      tellChange(adapter, 'Deployment', 'deployment', context);
      if (adapter.is === 'refused') {
        context.mark('Deployed', { status: 'False', reason: 'DeploymentRefused', message: adapter.sentence });
        return;
      }
      context.mark('Deployed', deployedCondition(adapter.object.metadata.name, adapter.object));

      const binding = await context.apply<SinkBinding>(SINK_BINDINGS, sinkBinding(source, adapter.object));
      tellChange(binding, 'SinkBinding', 'SinkBinding', context);
      if (binding.is === 'refused') {
        context.mark('SinkProvided', { status: 'False', reason: 'SinkBindingRefused', message: binding.sentence });
        return;
      }
      markSink(binding.object.status?.sinkUri, context);

      const isNews = adapter.is !== 'unchanged' || binding.is !== 'unchanged';
      if (isNews) context.tell('Normal', 'SampleSourceReconciled', `SampleSource reconciled: "${namespace}/${name}"`);
    },
  });
}

function markSink(sinkUri: string | undefined, context: ReconcileContext): void {
  context.setStatus({ sinkUri });
  if (sinkUri) context.mark('SinkProvided', { status: 'True' });
  else {
    const message = 'Sink has resolved to empty.';
    context.mark('SinkProvided', { status: 'Unknown', reason: 'SinkEmpty', message });
  }
}

function tellChange(made: Made<KubeObject>, kind: string, word: string, context: ReconcileContext): void {
  switch (made.is) {
    case 'unchanged':
      return;
    case 'refused':
      context.tell('Warning', `${kind}Failed`, made.sentence);
      return;
    case 'created':
    case 'changed': {
      const { namespace = '', name } = made.object.metadata;
      const verb = made.is === 'created' ? 'created' : 'updated';
      context.tell(
        'Normal',
        `${kind}${verb === 'created' ? 'Created' : 'Updated'}`,
        `${verb} ${word}: "${namespace}/${name}"`,
      );
    }
  }
}
