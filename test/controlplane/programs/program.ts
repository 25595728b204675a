/** The programs of a control plane and of a node, as `binaries/main.go` bundles them. */
export const PROGRAMS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
] as const;

export type Program = (typeof PROGRAMS)[number];

/** The path of a program that was asked for. */
export type Programs = (program: Program) => string;

/** Hears what goes on, one line of text at a time. */
export type Tell = (line: string) => void;

/** One way to come by programs. It may have some of them only; a failure may also be thrown. */
export interface Way {
  readonly name: string;
  find(missing: readonly Program[], tell: Tell): Promise<Finding>;
}

export interface Finding {
  readonly found: ReadonlyMap<Program, string>;
  /** What happened, in words, for the case that no way has what is missing. */
  readonly outcome: string;
}
