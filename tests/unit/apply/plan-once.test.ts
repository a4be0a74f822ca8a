/** A plan for which the holders of addresses are read is made again only if they matter. */
import { expect, test } from '@jest/globals';
import { createLoop, type Loop, type Step } from '../../../functions/apply/loop/state.ts';
import { nextStep } from '../../../functions/apply/loop/step.ts';
import { fullPace } from '../../../functions/apply/pace.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE, type DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { AddressHolder } from '../../../shared/domain/plan/foreign.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const at = { now: 0, monotonic: 0, hasTime: true };
const wanted = exposure({ port: 1 });
const holder = (address: string): AddressHolder => ({
  path: '/Common/theirs',
  partition: 'Common',
  address,
  port: wanted.port,
  protocol: 'tcp',
});

/** The loop that asks for the holders, and what follows their answer. */
function planned(
  holders: readonly AddressHolder[],
  state: DeclaredState = EMPTY_STATE,
): { readonly asked: Loop; readonly next: Step } {
  const begun = createLoop(
    {
      device: 'bigip-1',
      capabilities: BIGIP,
      partition: 'k8s',
      slices: [slice(1, [wanted])],
      sameFleet: () => false,
    },
    fullPace(BIGIP.declareSize),
  );
  const declared = { state };
  const first = nextStep(begun, { kind: 'begin', at });
  const asked = nextStep(first.loop, { kind: 'read', reading: { kind: 'ours', declared }, at });
  expect(asked.effect.kind).toBe('holders');
  return { asked: asked.loop, next: nextStep(asked.loop, { kind: 'holders', holders, at }) };
}

test.each([[[]], [[holder('172.16.100.99')]]])('without a holder of an address: %j', (holders) => {
  const { asked, next } = planned(holders);
  expect(asked.work.unchecked?.entries).toMatchObject([{ kind: 'create' }]);
  expect(next.loop.work.plan).toBe(asked.work.unchecked);
});

test('with a holder of the address, in any notation, the plan is made again', () => {
  for (const address of [wanted.address, `${wanted.address}%0`, `${wanted.address}/32`])
    expect([...planned([holder(address)]).next.loop.results.entries.values()]).toMatchObject([
      { kind: 'conflict', code: 'BIP422' },
    ]);
});

test('with a holder of the address of a claim that waits, the plan is made again', () => {
  const owner = 'east/other/gateway';
  const { partition: _partition, ...claim } = exposure({ address: '172.16.100.7', port: 1 });
  const record = {
    version: { epoch: 1, counter: 1, generation: 1 },
    clusterUid: 'uid-east',
    seen: '',
  };
  const state = {
    ...EMPTY_STATE,
    owners: { [owner]: { ...record, claims: { [exposureKey(claim)]: claim } } },
  };
  const kinds = (holders: readonly AddressHolder[]): readonly string[] =>
    [...planned(holders, state).next.loop.results.entries.values()].flatMap((entry) =>
      entry.owner === owner ? [entry.kind] : [],
    );
  expect([kinds([]), kinds([holder(claim.address)])]).toEqual([['create'], []]);
});
