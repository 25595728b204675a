import type { Cluster } from './cluster.ts';

/** Something that the demo does to the cluster, and the messages of the Events that it brings about. */
export interface Change {
  readonly title: string;
  readonly messages: readonly RegExp[];
  make(cluster: Cluster): Promise<void>;
}

export const CHANGES: readonly Change[] = [
  {
    title: 'Create the Deployment web',
    messages: [/^Scaled up replica set web-\w+ from 0 to 1$/, /^Created pod: web-/],
    make: (cluster) => cluster.apply('web.yaml'),
  },
  {
    title: 'Scale it down to nothing',
    messages: [/^Scaled down replica set web-\w+ from 1 to 0$/, /^Deleted pod: web-/],
    make: (cluster) => cluster.scale('web', 0),
  },
];
