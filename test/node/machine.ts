import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { CNI_PLUGINS } from './network.ts';
import { type Machine } from './obstacles.ts';

const COMMANDS = 'unshare nsenter ip mount tar ldd iptables conntrack containerd runc buildah';
const PROGRAMS = [...COMMANDS.split(' '), '/usr/bin/busybox', join(CNI_PLUGINS, 'ptp')];
const CGROUPS = '/sys/fs/cgroup';
/** What a node does first: if this works, the rest fails for reasons that its logs tell. */
const TRIAL = 'mount -t tmpfs tmpfs /run && mkdir /run/lock && ip link add trial type veth && iptables -t nat -L -n';
const TRIAL_LIMIT_MS = 10_000;

/** Looks at this machine. */
export async function lookAtMachine(env: NodeJS.ProcessEnv): Promise<Machine> {
  const missingPrograms = PROGRAMS.filter((program) => !isThere(program, env['PATH'] ?? ''));
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    missingPrograms,
    cgroupControllers: cgroupControllers(),
    filesystems: readIfThere('/proc/filesystems').split(/\s+/),
    namespaceFailure: missingPrograms.length > 0 ? undefined : await tryNamespaces(),
  };
}

/** Every directory that a cgroup of this name has: one in each hierarchy, of which version 2 has one. */
export function cgroupDirectories(name: string): string[] {
  if (existsSync(join(CGROUPS, 'cgroup.controllers'))) return [join(CGROUPS, name)];
  return readdirSync(CGROUPS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(CGROUPS, entry.name, 'cgroup.procs')))
    .map((entry) => join(CGROUPS, entry.name, name));
}

function cgroupControllers(): string[] {
  if (!existsSync(CGROUPS)) return [];
  const unified = readIfThere(join(CGROUPS, 'cgroup.controllers'));
  return unified === '' ? readdirSync(CGROUPS) : unified.trim().split(' ');
}

async function tryNamespaces(): Promise<string | undefined> {
  const flags = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc'];
  try {
    await promisify(execFile)('unshare', [...flags, 'sh', '-c', TRIAL], { timeout: TRIAL_LIMIT_MS });
    return undefined;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr;
    return said?.trim().split('\n').at(-1) || String(error);
  }
}

function isThere(program: string, path: string): boolean {
  if (isAbsolute(program)) return existsSync(program);
  return path.split(delimiter).some((directory) => existsSync(join(directory, program)));
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
