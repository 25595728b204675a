/** The IPv4 addresses of one cluster. They exist on this machine and in the node's namespaces only. */
export interface AddressPlan {
  /** Our end of the link to the node; where the node and its pods find the API server. */
  readonly host: string;
  /** The node's end of the link: its kubelet, cluster DNS and image registry. */
  readonly node: string;
  /** Of the link's network. */
  readonly linkPrefix: number;
  /** The range of the pods. */
  readonly pods: string;
  /** The range of the services. */
  readonly services: string;
  /** The address of the service `kubernetes`: the first of the services. */
  readonly kubernetes: string;
}

/** So many clusters can run on one machine at a time. */
export const SLOTS = 32;

/**
 * The addresses of the cluster in `slot`, 0 to 31: 16 networks of 198.18.0.0/15, which RFC 2544 sets aside for
 * measurements and which nobody's network uses therefore.
 */
export function addressPlan(slot: number): AddressPlan {
  const second = 18 + Math.floor(slot / 16);
  const third = (slot % 16) * 16;
  return {
    host: `198.${second}.${third}.1`,
    node: `198.${second}.${third}.2`,
    linkPrefix: 30,
    pods: `198.${second}.${third + 1}.0/24`,
    services: `198.${second}.${third + 2}.0/24`,
    kubernetes: `198.${second}.${third + 2}.1`,
  };
}
