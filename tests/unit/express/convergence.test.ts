/**
 * express and apply in parallel, in every order of their reads and writes. Red without lookBack of
 * runExpressJob (an overtaken write stays), without the fence of decideExpress (an outdated event is
 * written again), and with a reconciliation that ignores all events.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runExpressJob } from '../../../functions/express/device.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { compareVersions } from '../../../shared/domain/revision.ts';
import { declared, EAST, event } from './fixtures.ts';
import { memoryNodes, type MemoryNodes } from './memory.ts';

const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

/** Whether each address drains. */
type Wanted = readonly boolean[];

function stateOf(counter: number, wanted: Wanted): DeclaredState {
  return declared({
    at: { [EAST]: counter },
    pools: [
      { [EAST]: ADDRESSES.map((address, i) => (wanted[i] ? `${address} draining` : address)) },
    ],
  });
}

/** As apply does: an older slice changes nothing, and the nodes are reconciled in either case. */
async function apply(access: MemoryNodes, state: DeclaredState): Promise<void> {
  await access.before('declare');
  const version = (
    of: DeclaredState,
  ): { readonly epoch: number; readonly counter: number; readonly generation: number } =>
    of.owners[EAST]?.version ?? { epoch: 0, counter: 0, generation: 0 };
  if (compareVersions(version(state), version(access.state)) >= 0) access.state = state;
  await access.reconcile('k8s', access.state);
}

const revisions = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 5 });

test('after events in any order, lost or late, the nodes match the newest slice', async () => {
  await fc.assert(
    fc.asyncProperty(
      revisions,
      fc.scheduler(),
      fc.array(fc.nat({ max: 4 }), { maxLength: 8 }),
      async (wanted, scheduler, delivered) => {
        // The third member always stays, so that the guard never applies.
        const slices = wanted.map(([a, b], i) => ({ counter: i + 2, wanted: [a, b, false] }));
        const newest = slices.at(-1)?.wanted ?? [];
        const access = memoryNodes(stateOf(1, [false, false, false]), ADDRESSES);
        const sendAhead = ({
          counter,
          wanted: drains,
        }: (typeof slices)[number]): Promise<unknown> =>
          runExpressJob({
            access,
            partition: 'k8s',
            events: [
              event(
                counter,
                ADDRESSES.map((address, i) => `${address} ${drains[i] ? 'terminating' : 'back'}`),
              ),
            ],
          });
        // One function for each queue, which handles its messages one after the other.
        const ahead = async (): Promise<void> => {
          for (const one of delivered.flatMap((i) => slices[i] ?? [])) await sendAhead(one);
        };
        const behind = async (): Promise<void> => {
          for (const { counter, wanted: drains } of slices)
            await apply(access, stateOf(counter, drains));
        };
        access.before = (call) => scheduler.schedule(Promise.resolve(), call);
        await scheduler.waitFor(Promise.all([ahead(), behind()]));
        expect(access.now()).toEqual(
          ADDRESSES.map((address, i) => `${address} ${newest[i] ? 'draining' : 'ready'}`),
        );

        access.before = () => undefined;
        access.calls.length = 0;
        for (const one of slices) await sendAhead(one);
        expect(access.calls.filter((call) => call.startsWith('write'))).toEqual([]);
      },
    ),
    { numRuns: 2_000 },
  );
});
