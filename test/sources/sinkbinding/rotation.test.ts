import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AUTHORITY_DAYS, SERVER_DAYS, SKEW_MS } from '../../../src/sources/sinkbinding/webhook/certificates.ts';
import { type Held, nextStep, TRUSTED_FIRST_MS } from '../../../src/sources/sinkbinding/webhook/rotation.ts';

const DAY = 86_400_000;
const NAMES = ['webhook.svc'];

interface Authority {
  readonly id: number;
  readonly notBefore: number;
  readonly notAfter: number;
}

interface World {
  readonly authorities: readonly Authority[];
  readonly server: { readonly by: number; readonly notBefore: number; readonly notAfter: number } | undefined;
}

function heldOf({ authorities, server }: World): Held {
  const authority = authorities.findIndex(({ id }) => id === server?.by);
  return {
    authorities,
    server: server === undefined || authority < 0 ? undefined : { ...server, names: NAMES, authority },
  };
}

/** All steps that are due at a moment. */
function settle(world: World, now: number): World {
  let { authorities, server } = world;
  for (let steps = 0; ; steps++) {
    assert.ok(steps < 10, 'the steps come to an end');
    const step = nextStep(heldOf({ authorities, server }), NAMES, now);
    switch (step.is) {
      case 'wait':
        assert.ok(step.ms > 0);
        return { authorities, server };
      case 'makeAuthority': {
        const id = (authorities.at(-1)?.id ?? 0) + 1;
        authorities = authorities.concat({ id, notBefore: now - SKEW_MS, notAfter: now + AUTHORITY_DAYS * DAY });
        break;
      }
      case 'dropAuthority':
        authorities = authorities.filter((_, i) => i !== step.authority);
        break;
      case 'signServer':
        server = {
          by: authorities[step.authority]?.id ?? 0,
          notBefore: now - SKEW_MS,
          notAfter: now + SERVER_DAYS * DAY,
        };
    }
  }
}

test('at the start there is an authority, and a certificate that it signed', () => {
  const { authorities, server } = settle({ authorities: [], server: undefined }, 0);
  assert.deepEqual(
    authorities.map(({ id }) => id),
    [1],
  );
  assert.equal(server?.by, 1);
});

test('other names want another certificate', () => {
  const world = settle({ authorities: [], server: undefined }, 0);
  assert.deepEqual(nextStep(heldOf(world), ['other.svc'], 0), { is: 'signServer', authority: 0 });
});

test('whoever heard of the authorities up to a day ago trusts every certificate that is not a day old, for years', () => {
  // The controller is away for a week at most.
  const pauses = fc.array(fc.integer({ min: 1_000, max: 7 * DAY }), { minLength: 50, maxLength: 400 });
  fc.assert(
    fc.property(pauses, fc.integer({ min: 0, max: TRUSTED_FIRST_MS - SKEW_MS - 1 }), (waits, lag) => {
      let now = 0;
      let world = settle({ authorities: [], server: undefined }, now);
      /** What was published, and when. */
      const published: { at: number; ids: readonly number[] }[] = [];
      for (const wait of waits) {
        published.push({ at: now, ids: world.authorities.map(({ id }) => id) });
        now += wait;
        const { server } = world;
        assert.ok(server !== undefined && server.notAfter > now, 'the certificate has not ended');
        world = settle(world, now);
        const heard = published.findLast(({ at }) => at <= now - lag) ?? published[0];
        assert.ok(heard?.ids.includes(world.server?.by ?? 0), 'the signing authority was heard of');
        const signer = world.authorities.find(({ id }) => id === world.server?.by);
        assert.ok(
          signer !== undefined && signer.notAfter > (world.server?.notAfter ?? 0),
          'and outlives what it signed',
        );
      }
    }),
    { numRuns: 50 },
  );
});
