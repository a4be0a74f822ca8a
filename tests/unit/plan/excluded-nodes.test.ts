import { describe, expect, test } from '@jest/globals';
import type { Contribution, DeclaredExposure } from '../../../shared/domain/declared/declared.ts';
import { exposureKey, type Member } from '../../../shared/domain/exposure/exposure.ts';
import { keptNodes, withExcludedNodes } from '../../../shared/domain/plan/excluded-nodes.ts';
import { exposure } from '../../fixtures/exposures.ts';

const OWN = 'east/istio-system/istio-ingressgateway';
const OTHER = 'west/istio-system/istio-ingressgateway';
const slice = { owner: OWN, excludedNodes: ['10.0.0.1', '10.0.0.9'] };

function member(address: string, port = 30_080): Member {
  return { address, port, availability: 'ready' };
}

function contribution(owner: string, ...members: readonly Member[]): Contribution {
  return { owner, gateways: ['edge/web'], since: '', members };
}

function declared(...contributions: readonly Contribution[]): DeclaredExposure {
  const { address, port, protocol, settings } = exposure();
  return { address, port, protocol, settings, contributions };
}

const wanted = exposure({ members: [member('10.0.0.2'), member('10.0.0.3')] });
const added = (...contributions: readonly Contribution[]): readonly Member[] =>
  withExcludedNodes(slice, wanted, {
    exposures: { [exposureKey(wanted)]: declared(...contributions) },
  }).members.slice(wanted.members.length);

describe('an excluded node', () => {
  test('drains as the member that its owner has declared, not as that of another cluster', () => {
    expect(added(contribution(OWN, member('10.0.0.1')))).toEqual([
      { ...member('10.0.0.1'), availability: 'draining' },
    ]);
    expect(added(contribution(OWN), contribution(OTHER, member('10.0.0.1')))).toEqual([]);
  });

  test('is not kept at a node port that the Service no longer has', () => {
    expect(added(contribution(OWN, member('10.0.0.1', 31_000)))).toEqual([]);
  });

  test('is reported as kept only where it is a ready member of its owner', () => {
    const ready = member('10.0.0.1');
    const kept = (...contributions: readonly Contribution[]): readonly string[] =>
      keptNodes(slice, declared(...contributions)).map(({ code }) => code);
    expect(kept(contribution(OWN, ready))).toEqual(['GW140']);
    expect(kept(contribution(OWN, { ...ready, availability: 'draining' }))).toEqual([]);
    expect(kept(contribution(OTHER, ready))).toEqual([]);
  });
});
