import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressPlan } from './address-plan.ts';

/** Where Debian's containernetworking-plugins are. */
export const CNI_PLUGINS = '/usr/lib/cni';

/**
 * Writes the pods' network for containerd and returns its directory. Each pod has a link of its own to the node, so that
 * everything passes the node's rules; pods on one bridge would need the kernel's br_netfilter for that.
 */
export async function writePodNetwork(directory: string, addresses: AddressPlan): Promise<string> {
  const place = join(directory, 'cni');
  await mkdir(place);
  const ipam = {
    type: 'host-local',
    dataDir: '/run/cni',
    ranges: [[{ subnet: addresses.pods }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const network = { cniVersion: '0.4.0', name: 'pods', plugins: [{ type: 'ptp', ipMasq: false, ipam }] };
  await writeFile(join(place, 'pods.conflist'), JSON.stringify(network));
  return place;
}
