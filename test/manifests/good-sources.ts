/** Sources that have to be accepted as they are, by what they are. */
export const GOOD_SOURCES: Readonly<Record<string, string>> = {
  'one of v1beta1, of the time when that was new': `
apiVersion: sources.knative.dev/v1beta1
kind: ApiServerSource
metadata:
  name: test-apiserver-source
spec:
  serviceAccountName: events-sa
  mode: Resource
  resources:
  - apiVersion: v1
    kind: Event
  sink:
    ref:
      apiVersion: v1
      kind: Service
      name: event-display
`,
  'one for a broker, with a name of 63 characters': `
apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata:
  name: ${'n'.repeat(63)}
spec:
  resources:
    - apiVersion: apps/v1
      kind: Deployment
  sink:
    ref:
      apiVersion: eventing.knative.dev/v1
      kind: Broker
      name: default
      namespace: shop
    uri: /extra?path=1
`,
  'one with every field that upstream has': `
apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata:
  name: name-with-dash.and-dots-1
  annotations:
    features.knative.dev/apiserversource-skip-permissions-check: "true"
spec:
  serviceAccountName: events-sa
  mode: Reference
  owner:
    apiVersion: apps/v1
    kind: ReplicaSet
  resources:
    - apiVersion: v1
      kind: Pod
      selector:
        matchLabels:
          app: web
          app.kubernetes.io/part-of: ""
        matchExpressions:
          - {key: tier, operator: In, values: [front, back]}
          - {key: tier, operator: NotIn, values: [hidden]}
          - {key: example.com/team, operator: Exists}
          - {key: old, operator: DoesNotExist, values: []}
    - apiVersion: v1
      kind: Pod
    - apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
  namespaceSelector:
    matchLabels:
      env: development
  filters:
    - exact: {type: dev.knative.apiserver.ref.add}
    - all: []
    - not:
        any:
          - prefix: {subject: /apis/v1/namespaces/kube}
          - suffix: {subject: -canary, kind: Pod}
    - cesql: "subject LIKE '%/web-%'"
  ceOverrides:
    extensions:
      cluster: blue
      namespace: test
  sink:
    uri: HTTPS://orders.example.com:8443/in?a=b
    CACerts: |
      -----BEGIN CERTIFICATE-----
      MIIB
      -----END CERTIFICATE-----
    audience: orders
`,
  'one for all namespaces': `
apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata:
  name: name1with2numbers3
spec:
  namespaceSelector: {}
  resources:
    - {apiVersion: v1, kind: Namespace}
  sink:
    uri: http://10.0.0.1/
`,
  'one with every field that only Watchbridge has': `
apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata:
  name: everything
spec:
  resources:
    - apiVersion: apps/v1
      kind: Deployment
      resource: deployments
      fieldSelector: metadata.name=web,metadata.namespace!=kube-system,spec.note==a\\,b
      when: object.spec.replicas > 3
      changes: [Spec, Labels]
      trigger: Transition
      debounce: PT1.5S
    - apiVersion: events.k8s.io/v1
      kind: Event
      resource: events
      eventSeries: Doubling
      debounce: PT1M
  namespaces:
    include: [shop, stock]
    exclude: [test]
  sink:
    ref: {apiVersion: v1, kind: Service, name: orders}
  delivery:
    format: batch
    retry: 10
    backoffPolicy: linear
    backoffDelay: PT0.5S
    timeout: PT1M30S
    retryAfterMax: PT0S
    deadLetterSink:
      ref: {apiVersion: v1, kind: Service, name: orders}
      uri: /dead
  initialEvents: All
  checkpoint: Full
  gapEvents: true
  payload:
    managedFields: Drop
    lastApplied: Drop
    secrets: ClearText
    redactionKey: {secretKeyRef: {name: redaction, key: key}}
    maxBytes: 65536
    fields: [spec.replicas, 'metadata.annotations.example\\.com/owner']
    labelExtensions: {team: app.kubernetes.io/part-of}
    annotationExtensions: {owner: example.com/owner}
  rbac: Managed
  adapter:
    replicas: 2
    resources:
      requests: {cpu: 1, memory: 64Mi, ephemeral-storage: 1Gi}
      limits: {cpu: 500m, memory: "1e9"}
    nodeSelector: {kubernetes.io/arch: arm64}
    tolerations:
      - {operator: Exists}
      - {key: spot, value: "yes", effect: NoExecute, tolerationSeconds: 60}
    priorityClassName: high
    logLevel: debug
`,
  'durations up to a day': `
apiVersion: sources.knative.dev/v1
kind: ApiServerSource
metadata:
  name: durations
spec:
  resources:
    - {apiVersion: v1, kind: Pod}
  sink:
    uri: http://orders
  delivery:
    backoffDelay: P1D
    timeout: PT24H
    retryAfterMax: P0D
`,
};
