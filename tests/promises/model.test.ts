import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { BIGIP } from '../../shared/bigip/capabilities.ts';
import { PLAIN } from '../fixtures/plain-capabilities.ts';
import type { DeviceFault, Model, Want } from './support/model.ts';
import { createModel } from './support/model.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const histories = tally('random histories');
const declares = tally('declares checked');

/**
 * Red with the guard removed. 1: when `reportStage` (report.ts) reports nothing about superseded
 * slices, or the handler treats a batch as done although the device had a fault. 2: when quarantine
 * never ends (`isRetryDue` in quarantine.ts). 2, 3 and 7: without the comparison of versions in
 * `checkFence` (fence.ts). 4: when every plan counts as changed (plan.ts). 7: without `lostClaim`
 * (upsert-exposure.ts). 9: when results.ts reports a refused exposure as applied.
 */
class Command implements fc.AsyncCommand<object, Model> {
  readonly name: string;
  readonly go: (model: Model) => void | Promise<void>;
  constructor(name: string, go: (model: Model) => void | Promise<void>) {
    this.name = name;
    this.go = go;
  }
  check(): boolean {
    return true;
  }
  async run(_expected: object, model: Model): Promise<void> {
    await this.go(model);
    if (model.violations.length > 0) throw new Error(model.violations.join('\n'));
  }
  toString(): string {
    return this.name;
  }
}

/**
 * At most three ports for each owner, so that the removal guard never holds anything back here: it
 * has its own tests.
 */
const wants: fc.Arbitrary<Want[]> = fc.uniqueArray(
  fc.record({
    port: fc.integer({ min: 1, max: 4 }),
    variant: fc.constantFrom('plain' as const, 'plain' as const, 'other' as const, 'bad' as const),
    pod: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 3, selector: (w) => w.port },
);
const faults = fc.array(
  fc.constantFrom<DeviceFault>('busy', 'login', 'timeout', 'lost reply', 'away', 'slow', 'raced'),
  { maxLength: 3 },
);

const commands = fc.commands(
  [
    fc
      .tuple(fc.nat(2), wants)
      .map(
        ([cluster, list]) =>
          new Command(`say(${cluster}, ${JSON.stringify(list)})`, (m) => m.say(cluster, list)),
      ),
    fc.nat(20).map((i) => new Command(`again(${i})`, (m) => m.again(i))),
    faults.map((list) => new Command(`work(${JSON.stringify(list)})`, (m) => m.work(list))),
    fc
      .tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom('before' as const, 'after' as const))
      .map(([n, when]) => new Command(`crash(${n}, '${when}')`, (m) => m.crash(n, when))),
    fc.integer({ min: 1, max: 5 }).map((n) => new Command(`twin(${n})`, (m) => m.twin(n))),
    fc.boolean().map((shows) => new Command(`look(${shows})`, (m) => m.look(shows))),
    fc
      .option(fc.integer({ min: 1, max: 4 }), { nil: undefined })
      .map((port) => new Command(`audit(${port})`, (m) => m.audit(port))),
    fc.constant(new Command('release()', (m) => m.release())),
    fc.boolean().map((mended) => new Command(`mend(${mended})`, (m) => m.mend(mended))),
    fc
      .option(fc.integer({ min: 1, max: 4 }), { nil: undefined })
      .map((port) => new Command(`foreign(${port})`, (m) => m.foreign(port))),
    fc
      .constantFrom(1_000, 90_000, 4_000_000)
      .map((ms) => new Command(`wait(${ms})`, (m) => m.world.clock.advance(ms))),
  ],
  { maxCommands: 16 },
);

describe('promises of apply, over random histories with faults, crashes and slow twins', () => {
  test('hold: 1 no silent loss, 2 convergence, 3 no rollback, 4 idempotence, 7 one owner, 9 true results', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(BIGIP, PLAIN), commands, async (kind, list) => {
        const model = createModel(kind);
        await fc.asyncModelRun(() => ({ model: {}, real: model }), list);
        await model.quiet();
        expect(model.problemsAtRest()).toEqual([]);
        const before = model.world.device.declares.length;
        histories();
        declares(before);
        for (let i = 0; i < 20; i++) await model.again(i);
        await model.world.drain();
        expect(model.world.device.declares.length).toBe(before);
      }),
      { numRuns: SEEDS },
    );
  });
});
