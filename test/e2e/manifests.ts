/** What Pod Security's level `restricted` asks of a container, and a root file system that cannot be written. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A Deployment of one pod, labelled `app: <name>`, with one container of that name that may do as little as can be. */
export function deployment(name: string, container: object, pod: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { ...pod, containers: [{ name, securityContext: RESTRICTED, ...container }] },
      },
    },
  };
}

/** event-display, and a Service of that name that takes events on port 80. */
export function eventDisplay(image: string): object[] {
  const name = 'event-display';
  const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
  return [
    deployment(name, { image, args: ['event-display'], readinessProbe }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
}

const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1' };

/** The ServiceAccount `watcher`, which may watch the ConfigMaps of its namespace. */
export function watcher(namespace: string): object[] {
  const metadata = { name: 'watcher' };
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' };
  const subjects = [{ kind: 'ServiceAccount', name: 'watcher', namespace }];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { ...RBAC, kind: 'Role', metadata, rules },
    { ...RBAC, kind: 'RoleBinding', metadata, roleRef, subjects },
  ];
}
