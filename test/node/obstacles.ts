/** What was found out about this machine, as far as a node's needs go. */
export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Programs that a node needs and that are not there, by name or path. */
  readonly missingPrograms: readonly string[];
  /** The controllers of cgroups, of either version, for example `memory`. */
  readonly cgroupControllers: readonly string[];
  /** Of /proc/filesystems. */
  readonly filesystems: readonly string[];
  /** What went wrong when namespaces with mounts, interfaces and rules of their own were tried; undefined: nothing. */
  readonly namespaceFailure: string | undefined;
}

/** What the pods of a node need: containerd without one of these starts no container. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'];

/** Every reason why the machine cannot run a node, a sentence each; none when it can. */
export function obstacles(machine: Machine): string[] {
  if (machine.platform !== 'linux') return [`A node needs Linux, and this is ${machine.platform}.`];
  const reasons: string[] = [];
  if (!machine.isRoot) reasons.push('A node needs root, for namespaces, mounts and cgroups; run it with sudo.');
  if (machine.missingPrograms.length > 0) {
    const programs = machine.missingPrograms.join(', ');
    reasons.push(
      `These programs are missing: ${programs}; test/node/install-node-packages.sh installs them on Debian.`,
    );
  }
  const controllers = CONTROLLERS.filter((name) => !machine.cgroupControllers.includes(name));
  if (controllers.length > 0) {
    const names = controllers.join(', ');
    reasons.push(`/sys/fs/cgroup has no controller ${names}; a container that is to run a node has to be privileged.`);
  }
  if (!machine.filesystems.includes('overlay')) {
    reasons.push('The kernel has no overlay file system; load its module with "modprobe overlay".');
  }
  if (machine.isRoot && machine.namespaceFailure !== undefined) {
    reasons.push(`Namespaces of its own with a network and iptables are refused: ${machine.namespaceFailure}.`);
  }
  return reasons;
}
