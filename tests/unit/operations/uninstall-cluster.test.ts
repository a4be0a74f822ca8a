/** One cluster of several leaves the devices by an order, which apply carries out. */
import { expect, test } from '@jest/globals';
import { failuresOver } from '../../../shared/failures/open.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import { orderPart } from '../../../shared/operations/uninstall/order-part.ts';
import type { Queue, Queues } from '../../../shared/queue/port.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';
import { smallConfig } from '../../fixtures/config.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

const OWNERS = ['east/istio-system/gw', 'west/istio-system/gw'] as const;
const BOTH: DeclaredState = planPartition(
  'k8s',
  EMPTY_STATE,
  OWNERS.map((owner, i) => slice(1, [exposure({ port: 443 + i })], { owner })),
  { sameFleet: () => false },
).next;
const WEST: DeclaredState = {
  ...BOTH,
  exposures: Object.fromEntries(
    Object.entries(BOTH.exposures).filter(([, { contributions }]) =>
      contributions.every(({ owner }) => owner === OWNERS[1]),
    ),
  ),
};
const AUTHOR = { who: 'ada', why: 'gone' };

interface World {
  readonly context: OperationContext;
  readonly sent: string[];
  state: DeclaredState | undefined;
}

/** `apply`: what is declared once the order is sent. */
function world(apply: DeclaredState): World {
  const clock = createManualClock(0);
  const config = smallConfig(['east', 'west']);
  const sent: string[] = [];
  const send: Queue['send'] = ({ body }) => {
    sent.push(body);
    it.state = apply;
    return Promise.resolve();
  };
  const queues = { queue: () => ({ send }) } as unknown as Queues;
  const runtime = runtimeWith({
    config,
    queues,
    clock: { ...clock, sleep: (ms) => clock.pass(ms) },
  });
  const failures = failuresOver(memoryBlobs(), { clock, id: () => crypto.randomUUID() });
  const readPartitions: OperationContext['readPartitions'] = () =>
    Promise.resolve([
      it.state === undefined
        ? { device: 'bigip-1', partition: 'k8s', code: 'BIP501', problem: 'away' }
        : ({ device: 'bigip-1', partition: 'k8s', state: it.state } as never),
    ]);
  const it: World = { context: { ...failures, runtime, readPartitions }, sent, state: BOTH };
  return it;
}
const lines = async (on: World): Promise<readonly string[]> =>
  (await orderPart(on.context, 'east', AUTHOR)).items.map(
    ({ action, object }) => `${action} ${object}`,
  );

test('only what the cluster is behind goes, with an entry in the audit log; then only its versions are left', async () => {
  const on = world(WEST);
  const part = await orderPart(on.context, 'east', AUTHOR);
  expect(await lines(on)).toEqual([
    expect.stringMatching(/^remove virtual server .*:443\/tcp in k8s$/),
    'keep versions of cluster east in k8s',
  ]);
  await part.steps[0]?.run();
  expect(on.sent).toHaveLength(1);
  expect(on.sent[0]).toContain('"action":"forget"');
  expect(await on.context.audit.list()).toMatchObject([{ who: 'ada', action: 'cluster forget' }]);
  expect(await orderPart(on.context, 'east', AUTHOR)).toMatchObject({
    items: [{ action: 'keep' }],
    steps: [],
  });
});

test('an order that nobody carries out ends with the remedy, and the next run gives it again', async () => {
  const on = world(BOTH);
  const part = await orderPart(on.context, 'east', AUTHOR);
  await expect(part.steps[0]?.run()).rejects.toThrow(/look whether the functions run, then repeat/);
  expect((await orderPart(on.context, 'east', AUTHOR)).steps).toHaveLength(1);
});

test('a device that does not answer keeps its part', async () => {
  const on = world(WEST);
  on.state = undefined;
  expect(await lines(on)).toEqual(['unknown partition k8s']);
});
