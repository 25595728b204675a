import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import { addressPlan, SLOTS } from './address-plan.ts';

const plans = Array.from({ length: SLOTS }, (_, slot) => addressPlan(slot));

test('all addresses of all clusters are in 198.18.0.0/15, and no two clusters share one', () => {
  const reserved = new BlockList();
  reserved.addSubnet('198.18.0.0', 15);
  const networks = plans.flatMap(({ host, pods, services }) => [host, pods, services].map(networkOf));
  assert.equal(new Set(networks).size, 3 * SLOTS);
  for (const { host, node, kubernetes } of plans) {
    for (const address of [host, node, kubernetes]) assert.ok(reserved.check(address), address);
  }
});

test('the service `kubernetes` has the first address of the services, as the API server gives it', () => {
  assert.equal(plans[17]?.services, '198.19.18.0/24');
  assert.equal(plans[17]?.kubernetes, '198.19.18.1');
});

/** The first three numbers: no two networks are in the same 256 addresses. */
function networkOf(address: string): string {
  return address.split('.').slice(0, 3).join('.');
}
