/**
 * 10,000 Gateways that are deleted at once are 10,000 proofs in one message, and none of the
 * removals is held.
 */
import { expect, test } from '@jest/globals';
import { ChangeLog } from '../../../functions/watch/emit/change-log.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { Change, Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED, SNAPSHOT_EVENTS } from '../../../shared/queue/events.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const COUNT = 10_000;

function deletions(): readonly Change[] {
  const log = new ChangeLog();
  for (let i = 0; i < COUNT; i += 1)
    log.add({
      what: 'deleted',
      kind: 'Gateway',
      namespace: `team-${i % 97}`,
      name: `gateway-${i}`,
      resourceVersion: `${9_000_000 + 7 * i}`,
    });
  return log.list();
}

function sent(changes: readonly Change[]): string {
  const objects = Object.fromEntries(
    Object.keys(KubernetesObjects.shape)
      .filter((list) => list !== 'optionalKinds')
      .map((list) => [list, []]),
  );
  const snapshot = {
    cluster: 'east',
    clusterUid: 'uid',
    ingress: { namespace: 'istio-system', service: 'istio-ingressgateway' },
    revision: { epoch: 1, counter: 2 },
    changes,
    removed: false,
    objects,
  };
  const time = '2026-11-29T12:00:00.000Z';
  const meta = { id: 'id', cluster: 'east', subject: 'east/istio-system/x', time };
  return serialiseEvent(INGRESS_OBSERVED, snapshot, meta);
}

test('10,000 deletions fit into one message, and arrive', () => {
  const opened = parseEvent(sent(deletions()), SNAPSHOT_EVENTS);
  expect(opened).toHaveProperty('ok');
  const { data } = (opened as { readonly ok: { readonly data: unknown } }).ok;
  expect((data as Snapshot).changes).toHaveLength(COUNT);
});

test('what 2,000 deleted Gateways exposed goes at once', () => {
  const exposures = Array.from({ length: 2_000 }, (_, i) =>
    exposure({ port: 10_000 + i, gateways: [`team-${i % 97}/gateway-${i}`] }),
  );
  const rules = { sameFleet: () => false, now: 0 };
  const { next } = planPartition('k8s', EMPTY_STATE, [slice(1, exposures)], rules);
  const gone = slice(2, [], { changes: [...deletions()] });
  const after = planPartition('k8s', next, [gone], rules);
  expect(Object.keys(after.next.exposures)).toEqual([]);
  expect(after.entries.filter(({ kind }) => kind === 'held')).toEqual([]);
});
