import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Machine, obstacles } from './obstacles.ts';

const FIT: Machine = {
  platform: 'linux',
  isRoot: true,
  missingPrograms: [],
  cgroupControllers: ['cpu', 'cpuacct', 'cpuset', 'memory', 'pids'],
  filesystems: ['nodev', 'overlay', 'ext4'],
  namespaceFailure: undefined,
};

const machines: readonly { what: string; machine: Machine; reasons: readonly RegExp[] }[] = [
  { what: 'a Linux machine with everything', machine: FIT, reasons: [] },
  {
    what: 'another system',
    machine: { ...FIT, platform: 'darwin', isRoot: false },
    reasons: [/^A node needs Linux, and this is darwin\.$/],
  },
  {
    what: 'a user',
    machine: { ...FIT, isRoot: false, namespaceFailure: 'Operation not permitted' },
    reasons: [/needs root/],
  },
  {
    what: 'a bare machine',
    machine: {
      ...FIT,
      isRoot: false,
      missingPrograms: ['runc', 'buildah'],
      filesystems: ['ext4'],
      cgroupControllers: ['cpu'],
    },
    reasons: [/needs root/, /runc, buildah; test\/node\/install-node-packages\.sh/, /cpuset, memory, pids;/, /overlay/],
  },
  {
    what: 'a container that may not',
    machine: { ...FIT, namespaceFailure: 'unshare: unshare failed: Operation not permitted' },
    reasons: [/are refused: unshare: unshare failed: Operation not permitted\.$/],
  },
];
for (const { what, machine, reasons } of machines) {
  test(`${what} is told ${reasons.length} reasons why it cannot run a node`, () => {
    const told = obstacles(machine);
    assert.equal(told.length, reasons.length, told.join('\n'));
    for (const [index, reason] of reasons.entries()) assert.match(told[index] ?? '', reason);
  });
}
