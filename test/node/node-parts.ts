import { mkdir, writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import type { Access } from '../controlplane/access.ts';
import type { Component } from '../controlplane/component.ts';
import type { Programs } from '../controlplane/programs/program.ts';
import { createAdmin } from '../support/admin.ts';
import { PAUSE_IMAGE } from './images.ts';
import { CNI_PLUGINS, writePodNetwork } from './network.ts';
import type { NodeSpace } from './node-space.ts';

export const NODE_NAME = 'node-1';

const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
const REGISTRY_PORT = 5000;
const KUBE_PROXY_HEALTH_PORT = 10_256;

/** The registry that containerd asks for every image, whatever registry its name has. */
export function describeRegistry(space: NodeSpace, images: string): Component {
  const { node } = space.addresses;
  return space.describe({
    name: 'registry',
    program: process.execPath,
    flags: [scriptPath('registry-process.ts'), node, String(REGISTRY_PORT), images],
    isReady: async () => (await statusOf(`http://${node}:${REGISTRY_PORT}/v2/`)) === 200,
  });
}

export function describeDns(space: NodeSpace, server: string, controlPlaneDirectory: string): Component {
  const { node, kubernetes } = space.addresses;
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([node]);
  return space.describe({
    name: 'dns',
    program: process.execPath,
    flags: [scriptPath('dns-process.ts'), node, server, controlPlaneDirectory],
    isReady: async () => (await resolver.resolve4('kubernetes.default.svc.cluster.local')).includes(kubernetes),
  });
}

export async function describeContainerd(space: NodeSpace): Promise<Component> {
  const { directory, addresses } = space;
  const registry = `http://${addresses.node}:${REGISTRY_PORT}`;
  const hosts = join(directory, 'registries', '_default');
  await mkdir(hosts, { recursive: true });
  await writeFile(
    join(hosts, 'hosts.toml'),
    `server = "${registry}"\n[host."${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const config = `
version = 2
root = "${join(directory, 'containerd')}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  # A machine without CAP_SYS_RESOURCE lets nobody lower the score.
  restrict_oom_score_adj = true
[${cri}.containerd]
  snapshotter = "overlayfs"
[${cri}.cni]
  bin_dir = "${CNI_PLUGINS}"
  conf_dir = "${await writePodNetwork(directory, addresses)}"
[${cri}.registry]
  config_path = "${join(directory, 'registries')}"
`;
  const file = join(directory, 'containerd.toml');
  await writeFile(file, config);
  return space.describe({
    name: 'containerd',
    program: 'containerd',
    flags: [`--config=${file}`],
    isReady: async () => space.has(CONTAINERD_SOCKET),
  });
}

export async function describeKubelet(
  space: NodeSpace,
  programs: Programs,
  access: Access,
  kubeconfig: string,
): Promise<Component> {
  const { directory, addresses, cgroup } = space;
  const config = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Only this machine has a route to it, and only for as long as the test lasts.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    address: addresses.node,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    podLogsDir: join(directory, 'pod-logs'),
    volumePluginDir: join(directory, 'volume-plugins'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    clusterDNS: [addresses.node],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    // The machine is not the node's alone: how full it is must not drive pods and images away.
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
    },
    imageGCHighThresholdPercent: 100,
    localStorageCapacityIsolation: false,
  };
  const file = join(directory, 'kubelet.json');
  await writeFile(file, JSON.stringify(config));
  return space.describe({
    name: 'kubelet',
    program: programs('kubelet'),
    flags: [
      `--config=${file}`,
      `--kubeconfig=${kubeconfig}`,
      `--root-dir=${join(directory, 'kubelet')}`,
      `--cert-dir=${join(directory, 'kubelet-pki')}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${addresses.node}`,
    ],
    isReady: () => isNodeReady(access),
  });
}

export function describeKubeProxy(space: NodeSpace, programs: Programs, kubeconfig: string): Component {
  const { node, pods } = space.addresses;
  return space.describe({
    name: 'kube-proxy',
    program: programs('kube-proxy'),
    flags: [
      `--kubeconfig=${kubeconfig}`,
      '--proxy-mode=iptables',
      `--cluster-cidr=${pods}`,
      `--hostname-override=${NODE_NAME}`,
      '--nodeport-addresses=primary',
      `--healthz-bind-address=${node}:${KUBE_PROXY_HEALTH_PORT}`,
      // The tables of connections are the whole machine's: they stay as they are.
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
    ],
    isReady: async () => (await statusOf(`http://${node}:${KUBE_PROXY_HEALTH_PORT}/healthz`)) === 200,
  });
}

async function isNodeReady({ server, caPem, adminToken: token }: Access): Promise<boolean> {
  await using admin = createAdmin({ server, caPem, token, connections: 1 });
  const node = await admin.get(`/api/v1/nodes/${NODE_NAME}`);
  const { conditions = [] } = node['status'] as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

async function statusOf(url: string): Promise<number> {
  const response = await request(url, { headersTimeout: 2_000, bodyTimeout: 2_000 });
  await response.body.dump();
  return response.statusCode;
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
