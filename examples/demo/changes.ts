import type { Cluster } from './cluster.ts';

/** Something that the demo does to the cluster, and the event that it brings about. */
export interface Change {
  readonly title: string;
  /** The end of the event's type. */
  readonly verb: 'add' | 'update' | 'delete';
  readonly subject: string;
  make(cluster: Cluster): Promise<void>;
}

const SETTINGS = '/api/v1/namespaces/shop/configmaps/settings';
/** Knative gives objects of the core group the path that they would have in a group without a name. */
const SETTINGS_SUBJECT = '/apis/v1/namespaces/shop/configmaps/settings';

export const CHANGES: readonly Change[] = [
  {
    title: 'Create the ConfigMap settings with color: blue',
    verb: 'add',
    subject: SETTINGS_SUBJECT,
    make: (cluster) => cluster.apply('settings.yaml'),
  },
  {
    title: 'Create the Deployment web',
    verb: 'add',
    subject: '/apis/apps/v1/namespaces/shop/deployments/web',
    make: (cluster) => cluster.apply('web.yaml'),
  },
  {
    title: 'Patch the ConfigMap settings to color: green',
    verb: 'update',
    subject: SETTINGS_SUBJECT,
    make: (cluster) => cluster.patch(SETTINGS, { data: { color: 'green' } }),
  },
  {
    title: 'Delete the ConfigMap settings',
    verb: 'delete',
    subject: SETTINGS_SUBJECT,
    make: (cluster) => cluster.delete(SETTINGS),
  },
];
