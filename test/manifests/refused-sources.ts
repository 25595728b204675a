import type { Body } from '../support/admin.ts';

const pods = { apiVersion: 'v1', kind: 'Pod' };
const service = { apiVersion: 'v1', kind: 'Service', name: 'orders' };
const long = 'a'.repeat(64);

/** What is wrong, the fields of a good spec that it changes, and what the refusal says of it: field, value, remedy. */
export const REFUSED_SOURCES: readonly (readonly [what: string, spec: Body, says: readonly string[]])[] = [
  // What upstream's webhook refuses (knative.dev/eventing, pkg/apis/sources/v1/apiserver_validation.go).
  ['a mode that does not exist', { mode: 'Test' }, ['spec.mode', '"Test"', '"Reference", "Resource"']],
  ['a mode in lower case', { mode: 'resource' }, ['spec.mode', '"resource"']],
  ['an empty mode', { mode: '' }, ['spec.mode', '"Reference", "Resource"']],
  ['no resources', { resources: undefined }, ['spec.resources: Required value']],
  ['an empty list of resources', { resources: [] }, ['spec.resources', 'at least 1 items']],
  [
    'an apiVersion of three parts',
    { resources: [{ ...pods, apiVersion: 'v1/v2/v3' }] },
    ['spec.resources[0].apiVersion', '"v1/v2/v3"', 'expected group/version such as apps/v1'],
  ],
  ['an apiVersion without version', { resources: [{ ...pods, apiVersion: 'apps/' }] }, ['"apps/"', 'apps/v1']],
  ['an empty apiVersion', { resources: [{ ...pods, apiVersion: '' }] }, ['spec.resources[0].apiVersion', 'apps/v1']],
  ['no apiVersion', { resources: [{ kind: 'Pod' }] }, ['spec.resources[0].apiVersion: Required value']],
  ['no kind', { resources: [{ apiVersion: 'v1' }] }, ['spec.resources[0].kind: Required value']],
  ['an empty kind', { resources: [{ ...pods, kind: '' }] }, ['spec.resources[0].kind', 'expected a kind such as']],
  ['a blank kind', { resources: [{ ...pods, kind: '  ' }] }, ['spec.resources[0].kind', 'without spaces']],
  ['a kind with spaces', { resources: [{ ...pods, kind: 'My Pod' }] }, ['"My Pod"', 'without spaces']],
  [
    'an owner of a wrong apiVersion',
    { owner: { apiVersion: 'a/b/c', kind: 'X' } },
    ['spec.owner.apiVersion', '"a/b/c"'],
  ],
  ['an owner without kind', { owner: { apiVersion: 'apps/v1' } }, ['spec.owner.kind: Required value']],
  ['an owner with an empty kind', { owner: { kind: '' } }, ['spec.owner.kind', 'expected a kind such as']],
  ['no sink', { sink: undefined }, ['spec.sink: Required value']],
  ['an empty sink', { sink: {} }, ['spec.sink', 'expected ref (apiVersion, kind, name) or uri', 'found neither']],
  [
    'a ref and an absolute uri',
    { sink: { ref: service, uri: 'http://orders' } },
    ['spec.sink', 'relative uri such as /orders beside ref', 'found http://orders', 'take out ref or uri'],
  ],
  ['a ref and a uri with a host', { sink: { ref: service, uri: '//orders/a' } }, ['spec.sink', 'found //orders/a']],
  [
    'a relative uri without ref',
    { sink: { uri: '/orders' } },
    ['spec.sink', 'expected an absolute http or https URL', 'found /orders'],
  ],
  ['a uri without host', { sink: { uri: 'http:///orders' } }, ['spec.sink', 'found http:///orders']],
  ['a uri of another scheme', { sink: { uri: 'ftp://orders' } }, ['http or https', 'found ftp://orders']],
  ['a uri with a password', { sink: { uri: 'http://me:secret@orders' } }, ['without user']],
  ['a uri with a fragment', { sink: { uri: 'http://orders/#top' } }, ['fragment']],
  ['a uri with spaces', { sink: { uri: 'http://orders/a b' } }, ['spec.sink.uri', 'without spaces']],
  ['an empty uri', { sink: { uri: '' } }, ['spec.sink.uri']],
  ['a ref without name', { sink: { ref: { ...service, name: undefined } } }, ['spec.sink.ref.name: Required value']],
  ['a ref without kind', { sink: { ref: { ...service, kind: undefined } } }, ['spec.sink.ref.kind: Required value']],
  [
    'a ref without apiVersion',
    { sink: { ref: { ...service, apiVersion: undefined } } },
    ['spec.sink.ref.apiVersion: Required value'],
  ],
  ['a ref with a group', { sink: { ref: { ...service, group: 'apps' } } }, ['unknown field "spec.sink.ref.group"']],
  ['CACerts that are no PEM', { sink: { ref: service, CACerts: 'x' } }, ['spec.sink.CACerts', 'BEGIN CERTIFICATE']],
  [
    'an upper-case override',
    { ceOverrides: { extensions: { Invalid: 'x' } } },
    ['spec.ceOverrides.extensions', 'lower-case letters and digits', 'found Invalid'],
  ],
  ['an override with a dash', { ceOverrides: { extensions: { 'a-b': 'x' } } }, ['found a-b']],
  ['an override without name', { ceOverrides: { extensions: { '': 'x' } } }, ['lower-case letters and digits']],
  [
    'an override that is a number',
    { ceOverrides: { extensions: { additional: 42 } } },
    ['extensions.additional', 'string'],
  ],
  [
    'a filter of two dialects',
    { filters: [{ exact: { type: 'a' }, prefix: { type: 'b' } }] },
    ['spec.filters[0]', 'exactly one of', 'found exact prefix', 'all: [..]'],
  ],
  [
    'a filter on an attribute in upper case',
    { filters: [{ prefix: { invALID: 'a' } }] },
    ['spec.filters[0].prefix', 'found invALID'],
  ],
  ['an unknown field', { resuorces: [] }, ['unknown field "spec.resuorces"']],

  // What upstream's webhook forgets.
  [
    'an override of an attribute',
    { ceOverrides: { extensions: { source: 'x' } } },
    ['spec.ceOverrides.extensions', 'found source', 'choose another'],
  ],
  ['an override of data', { ceOverrides: { extensions: { data: 'x' } } }, ['found data']],
  ['an override of our own', { ceOverrides: { extensions: { resourceversion: '1' } } }, ['found resourceversion']],
  ['an override with a line break', { ceOverrides: { extensions: { a: 'x\ny' } } }, ['extensions[a]', 'control']],
  [
    'more overrides than requests can carry',
    { ceOverrides: { extensions: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`e${at}`, 'x'])) } },
    ['spec.ceOverrides.extensions', 'at most 32'],
  ],
  [
    'a selector operator in lower case',
    selector({ matchExpressions: [{ key: 'app', operator: 'in', values: ['a'] }] }),
    ['spec.resources[0].selector.matchExpressions[0].operator', '"in"', '"In", "NotIn", "Exists", "DoesNotExist"'],
  ],
  ['a selector operator Equals', selector({ matchExpressions: [{ key: 'app', operator: 'Equals' }] }), ['"Equals"']],
  [
    'In without values',
    selector({ matchExpressions: [{ key: 'app', operator: 'In' }] }),
    ['matchExpressions[0]', 'expected values beside operator In', 'found none'],
  ],
  ['NotIn of nothing', selector({ matchExpressions: [{ key: 'app', operator: 'NotIn', values: [] }] }), ['NotIn']],
  [
    'Exists with values',
    selector({ matchExpressions: [{ key: 'app', operator: 'Exists', values: ['a'] }] }),
    ['expected no values beside operator Exists', 'take them out'],
  ],
  ['an expression without key', selector({ matchExpressions: [{ operator: 'Exists' }] }), ['key: Required value']],
  ['a key of three parts', selector({ matchExpressions: [{ key: 'a/b/c', operator: 'Exists' }] }), ['"a/b/c"']],
  ['a value of 64 characters', selector({ matchLabels: { app: long } }), ['matchLabels.app', '63']],
  ['a value with spaces', selector({ matchLabels: { app: 'a b' } }), ['matchLabels[app]', '"a b"', 'label value']],
  ['a label key with spaces', selector({ matchLabels: { 'a b': 'a' } }), ['selector.matchLabels', 'found a b']],
  [
    'a namespaceSelector with a wrong operator',
    { namespaceSelector: { matchExpressions: [{ key: 'env', operator: 'Is' }] } },
    ['spec.namespaceSelector.matchExpressions[0].operator', '"Is"'],
  ],
  ['a namespaceSelector by name', { namespaceSelector: 'shop' }, ['spec.namespaceSelector', 'object']],
  ['the same kind twice', { resources: [pods, pods] }, ['spec.resources', 'each kind once', 'take out the second']],
  [
    '101 resources',
    { resources: Array.from({ length: 101 }, (_, at) => ({ ...pods, kind: `K${at}` })) },
    ['at most 100'],
  ],
  [
    'an account of another namespace',
    { serviceAccountName: 'shop/watcher' },
    ['spec.serviceAccountName', 'own namespace'],
  ],
  ['an empty account', { serviceAccountName: '' }, ['spec.serviceAccountName', 'such as events-sa']],
  ['a filter without dialect', { filters: [{}] }, ['spec.filters[0]', 'exactly one of', 'found;']],
  [
    'a filter of two dialects inside',
    { filters: [{ not: { all: [], any: [] } }] },
    ['spec.filters[0].not', 'found all any'],
  ],
  ['an unknown dialect', { filters: [{ sql: 'TRUE' }] }, ['unknown field "spec.filters[0].sql"']],
  [
    'a filter for empty text',
    { filters: [{ exact: { type: '' } }] },
    ['spec.filters[0].exact.type', 'at least 1 char'],
  ],
  ['a link-local sink', { sink: { uri: 'http://169.254.169.254/a' } }, ['spec.sink.uri', 'metadata service']],
  ['a private key for CACerts', { sink: { uri: 'https://a', CACerts: privateKey() } }, ['take out the private key']],

  // Our own fields.
  ['a negative retry', { delivery: { retry: -1 } }, ['spec.delivery.retry', '-1', 'greater than or equal to 0']],
  ['a retry without end', { delivery: { retry: 1e9 } }, ['spec.delivery.retry', 'less than or equal to 1000000']],
  [
    'a delay that is not ISO 8601',
    { delivery: { backoffDelay: '5s' } },
    ['spec.delivery.backoffDelay', '"5s"', 'PT0.5S'],
  ],
  ['a negative delay', { delivery: { backoffDelay: 'PT-1S' } }, ['"PT-1S"', 'ISO 8601']],
  ['a delay of a year', { delivery: { backoffDelay: 'P1Y' } }, ['"P1Y"', 'days, hours, minutes and seconds']],
  ['a timeout of no time', { delivery: { timeout: 'PT0S' } }, ['spec.delivery.timeout', 'more than no time']],
  ['a wait of 999 hours', { delivery: { retryAfterMax: 'PT999H' } }, ['retryAfterMax', 'at most a day']],
  ['a wait of two days', { delivery: { retryAfterMax: 'P2D' } }, ['retryAfterMax', 'at most a day']],
  [
    'a backoff policy in upper case',
    { delivery: { backoffPolicy: 'Exponential' } },
    ['"Exponential"', '"exponential"'],
  ],
  [
    'an empty dead letter sink',
    { delivery: { deadLetterSink: {} } },
    ['spec.delivery.deadLetterSink', 'found neither'],
  ],
  [
    'the sink as dead letter sink',
    { sink: { ref: service }, delivery: { deadLetterSink: { ref: service } } },
    ['spec.delivery', 'expected another destination than sink'],
  ],
  ['an unknown checkpoint', { checkpoint: 'Some' }, ['spec.checkpoint', '"None", "Position", "Full"']],
  ['unknown initial events', { initialEvents: 'true' }, ['spec.initialEvents', '"None", "All"']],
  ['gap events as text', { gapEvents: 'yes' }, ['spec.gapEvents', 'boolean']],
  [
    'a field selector without value',
    { resources: [{ ...pods, fieldSelector: 'spec' }] },
    ['fieldSelector', 'field=value'],
  ],
  ['an empty expression', { resources: [{ ...pods, when: '' }] }, ['spec.resources[0].when']],
  ['a change of nothing', { resources: [{ ...pods, changes: [] }] }, ['spec.resources[0].changes', 'at least 1']],
  ['an unknown change', { resources: [{ ...pods, changes: ['Data'] }] }, ['changes[0]', '"Data"', '"Spec", "Status"']],
  [
    'a transition of nothing',
    { resources: [{ ...pods, trigger: 'Transition' }] },
    ['spec.resources[0]', 'expected when'],
  ],
  [
    'a series of what is no Event',
    { resources: [{ ...pods, eventSeries: 'First' }] },
    ['spec.resources[0]', 'kind Event of v1'],
  ],
  ['an unknown series', { resources: [{ ...pods, eventSeries: 'Last' }] }, ['"First", "Doubling", "All"']],
  [
    'a debounce of no time',
    { resources: [{ ...pods, debounce: 'PT0S' }] },
    ['debounce', '"PT0S"', 'more than no time'],
  ],
  ['a debounce of two minutes', { resources: [{ ...pods, debounce: 'PT2M' }] }, ['"PT2M"', 'at most a minute']],
  ['a debounce in seconds', { resources: [{ ...pods, debounce: '2s' }] }, ['"2s"', 'ISO 8601']],
  ['a change twice', { resources: [{ ...pods, changes: ['Spec', 'Spec'] }] }, ['changes[1]', 'Duplicate value']],
  ['no namespaces', { namespaces: {} }, ['spec.namespaces', 'expected include or exclude']],
  [
    'a list and a selector of namespaces',
    { namespaces: { include: ['a'] }, namespaceSelector: {} },
    ['either namespaces.include or namespaceSelector'],
  ],
  ['exclusion from nothing', { namespaces: { exclude: ['a'] } }, ['spec.namespaces', 'namespaceSelector: {}']],
  [
    'a namespace in and out',
    { namespaces: { include: ['a', 'b'], exclude: ['b'] } },
    ['spec.namespaces', 'in both: b'],
  ],
  [
    'a wildcard of namespaces',
    { namespaces: { include: ['shop-*'] } },
    ['include[0]', '"shop-*"', 'without wildcards'],
  ],
  ['an empty path', { payload: { fields: ['spec..replicas'] } }, ['spec.payload.fields[0]', 'spec.replicas']],
  ['a path that ends in a backslash', { payload: { fields: ['spec\\'] } }, ['spec.payload.fields[0]']],
  ['an unknown content mode', { delivery: { format: 'avro' } }, ['spec.delivery.format', 'batch']],
  ['a label as the name of the object', { payload: { labelExtensions: { name: 'a' } } }, ['beside kind, name']],
  ['a label as one of our own', { payload: { annotationExtensions: { uid: 'a' } } }, ['found uid']],
  [
    'a redaction key without Secret',
    { payload: { redactionKey: {} } },
    ['spec.payload.redactionKey.secretKeyRef: Required value'],
  ],
  [
    'a redaction key by itself',
    { payload: { redactionKey: 'hunter2hunter2hunter2hunter2hunter2' } },
    ['spec.payload.redactionKey', 'must be of type object'],
  ],
  [
    'a redaction key of another namespace',
    { payload: { redactionKey: { secretKeyRef: { name: 'shop/redaction', key: 'key' } } } },
    ['redactionKey.secretKeyRef.name', '"shop/redaction"', 'in lower case'],
  ],
  [
    'a redaction key under a wrong key',
    { payload: { redactionKey: { secretKeyRef: { name: 'redaction', key: 'the key' } } } },
    ['redactionKey.secretKeyRef.key', '"the key"', 'expected a key of a Secret'],
  ],
  ['small payloads', { payload: { maxBytes: 1 } }, ['spec.payload.maxBytes', '1024']],
  [
    'an extension from a wrong label',
    { payload: { labelExtensions: { team: 'a b' } } },
    ['labelExtensions[team]', 'label key'],
  ],
  [
    'a label as an attribute',
    { payload: { labelExtensions: { id: 'a' } } },
    ['spec.payload.labelExtensions', 'found id'],
  ],
  [
    'an extension from two places',
    { payload: { labelExtensions: { team: 'a' }, annotationExtensions: { team: 'b' } } },
    ['spec.payload', 'found from both: team'],
  ],
  [
    'an extension that is overridden',
    { payload: { labelExtensions: { team: 'a' } }, ceOverrides: { extensions: { team: 'b' } } },
    ['spec.payload', 'ceOverrides.extensions does not set'],
  ],
  ['managed rights without plural', { rbac: 'Managed' }, ['spec.resources', 'the plural name', 'api-resources']],
  [
    'managed rights on nine resources',
    {
      rbac: 'Managed',
      resources: Array.from({ length: 9 }, (_, at) => ({ ...pods, kind: `K${at}`, resource: `k${at}s` })),
    },
    ['spec.resources', 'at most 8', 'rbac: Unmanaged'],
  ],
  ['a subresource', { resources: [{ ...pods, resource: 'pods/log' }] }, ['spec.resources[0].resource', '"pods/log"']],
  ['every resource', { resources: [{ ...pods, resource: '*' }] }, ['spec.resources[0].resource', '"*"']],
  ['no replicas', { adapter: { replicas: 0 } }, ['spec.adapter.replicas', 'greater than or equal to 1']],
  ['four replicas', { adapter: { replicas: 4 } }, ['spec.adapter.replicas', 'less than or equal to 3']],
  [
    'replicas that cannot take turns',
    { adapter: { replicas: 2 }, checkpoint: 'None' },
    ['expected checkpoint Position or Full beside several adapter.replicas'],
  ],
  ['much memory', { adapter: { resources: { limits: { memory: 'much' } } } }, ['limits.memory', 'quantity', '128Mi']],
  ['negative memory', { adapter: { resources: { limits: { memory: '-1Gi' } } } }, ['limits.memory', 'not negative']],
  ['a device', { adapter: { resources: { limits: { 'nvidia.com/gpu': 1 } } } }, ['unknown field']],
  ['an image', { adapter: { image: 'evil' } }, ['unknown field "spec.adapter.image"']],
  ['a security context', { adapter: { securityContext: {} } }, ['unknown field "spec.adapter.securityContext"']],
  ['the cluster’s own priority', { adapter: { priorityClassName: 'system-node-critical' } }, ['begin with system-']],
  ['a toleration without key', { adapter: { tolerations: [{ effect: 'NoExecute' }] } }, ['tolerations[0]', 'Exists']],
  ['a log level', { adapter: { logLevel: 'trace' } }, ['spec.adapter.logLevel', '"trace"', '"debug"']],
];

function selector(labelSelector: Body): Body {
  return { resources: [{ ...pods, selector: labelSelector }] };
}

function privateKey(): string {
  const kind = ['PRIVATE', 'KEY'].join(' ');
  return `-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n-----BEGIN ${kind}-----\nAA==\n-----END ${kind}-----\n`;
}
