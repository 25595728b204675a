import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Component, createComponent } from '../controlplane/component.ts';
import type { Keeper } from '../controlplane/keeper.ts';
import { type AddressPlan, addressPlan, SLOTS } from './address-plan.ts';
import { cgroupDirectories } from './machine.ts';

/**
 * Where a node lives: mount, PID and network namespaces of its own, a cgroup, and a link to us. Killing its first
 * process ends everything in it; the keeper does that when we are gone.
 */
export interface NodeSpace {
  readonly addresses: AddressPlan;
  /** For example `/watchbridge-1f2e3d`, below which the pods' cgroups are. */
  readonly cgroup: string;
  /** Holds the node's data and logs; the same path inside and outside. */
  readonly directory: string;
  readonly keeper: Keeper;
  /** Describes a program that runs inside; nothing runs before its `start`. */
  describe(part: Part): Component;
  /** Whether a file exists, as the node sees it. */
  has(file: string): boolean;
  /** Ends everything inside. */
  close(): Promise<void>;
}

export interface Part {
  readonly name: string;
  readonly program: string;
  readonly flags: readonly string[];
  readonly isReady: () => Promise<boolean>;
}

const INIT = fileURLToPath(new URL('node-init.sh', import.meta.url));
const UNSHARE = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc'];
const ENTER = ['--mount', '--pid', '--net', '--ipc', '--uts'];
const LIMIT_MS = 10_000;
/** Of programs inside. Their state ends with the cluster, so that only a test that stops one alone waits for them. */
const GRACE_MS = 5_000;

/** Makes the namespaces, the cgroup and the link. Throws when the machine refuses, or has no addresses left. */
export async function openNodeSpace(directory: string, keeper: Keeper): Promise<NodeSpace> {
  const id = randomBytes(3).toString('hex');
  const cgroup = `watchbridge-${id}`;
  for (const place of cgroupDirectories(cgroup)) {
    keeper.dissolve(place);
    mkdirSync(place);
  }
  const init: Component = createComponent(
    {
      name: 'node',
      program: 'unshare',
      flags: [...UNSHARE, INIT],
      logFile: join(directory, 'node.log'),
      graceMs: 0,
      isReady: async () => existsSync(`${rootOf(init)}/run/node-is-furnished`),
    },
    keeper,
  );
  await init.start();
  const pid = firstProcess(init);
  const enter = [`--target=${pid}`, ...ENTER, '--'];
  try {
    const addresses = await link(`wb-${id}`, pid, enter);
    return {
      addresses,
      cgroup: `/${cgroup}`,
      directory,
      keeper,
      describe: ({ name, program, flags, isReady }) =>
        createComponent(
          {
            name,
            program: 'nsenter',
            flags: [...enter, program, ...flags],
            logFile: join(directory, `${name}.log`),
            graceMs: GRACE_MS,
            isReady,
          },
          keeper,
        ),
      has: (file) => existsSync(`${rootOf(init)}${file}`),
      close: () => init.kill(),
    };
  } catch (error) {
    await init.kill();
    throw error;
  }
}

/** The namespaces' first process, by its number outside: the only child of `unshare`. */
function firstProcess(init: Component): string {
  return readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8').trim();
}

function rootOf(init: Component): string {
  return `/proc/${firstProcess(init)}/root`;
}

/** Links us and the node, in the first slot of addresses that nobody uses, and returns that. */
async function link(name: string, pid: string, enter: readonly string[]): Promise<AddressPlan> {
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
  await ip('link', 'set', name, 'up');
  const addresses = await claimAddresses(name);
  const inside = (...args: string[]): Promise<unknown> => run('nsenter', [...enter, 'ip', ...args]);
  await inside('address', 'add', `${addresses.node}/${addresses.linkPrefix}`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
  // The rules for services act on what has a route already. It has no other: nothing leaves for a real network.
  await inside('route', 'add', addresses.services, 'via', addresses.host);
  return addresses;
}

async function claimAddresses(name: string): Promise<AddressPlan> {
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const addresses = addressPlan(slot);
    if (isOurs(addresses.host)) continue;
    await ip('address', 'add', `${addresses.host}/${addresses.linkPrefix}`, 'dev', name);
    try {
      // The system gives a route to one only: of two who find the slot free at a time, the second goes on.
      await ip('route', 'add', addresses.pods, 'via', addresses.node, 'dev', name);
      await ip('route', 'add', addresses.services, 'via', addresses.node, 'dev', name);
      return addresses;
    } catch (error) {
      if (!String((error as { stderr?: string }).stderr).includes('File exists')) throw error;
      await ip('address', 'flush', 'dev', name);
    }
  }
  throw new Error(
    `${SLOTS} clusters have addresses on this machine, in 198.18.0.0/15 ("ip address"); there are no more.`,
  );
}

function isOurs(address: string): boolean {
  return Object.values(networkInterfaces()).some((known) => known?.some((entry) => entry.address === address));
}

function ip(...args: string[]): Promise<unknown> {
  return run('ip', args);
}

function run(program: string, args: readonly string[]): Promise<unknown> {
  return promisify(execFile)(program, args, { timeout: LIMIT_MS });
}
