/** Node addresses that several partitions of a device need. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { planDevice } from '../../../shared/domain/plan/device-plan.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Exposure, Settled } from '../../../shared/domain/exposure/exposure.ts';
import { decideNodes, heldByNodes } from '../../../shared/domain/plan/node-sharing.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Approval } from '../../../shared/domain/steering/steering.ts';
import { whyText } from '../../../functions/cli/why/tables.ts';
import { approvalsFor } from '../../../shared/operations/approve/approve.ts';
import { heldInLines } from '../../../shared/operations/clusters/held.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/declared-partitions.ts';
import { answersNow } from '../../../shared/operations/why/why.ts';
import type { WhyAnswer } from '../../../shared/operations/why/why.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { createWorld } from '../../promises/support/world.ts';
import type { World } from '../../promises/support/world.ts';

const { owner } = slice(1, []);
const at = (octet: number, partition: string, pods: readonly number[]): Exposure =>
  exposure({
    address: `10.0.0.${octet}`,
    port: 80,
    partition,
    gateways: [`ns/gw-${octet}`],
    members: pods.map((pod) => ({
      address: `10.244.0.${pod}`,
      port: 8080,
      availability: 'ready',
    })),
  });
const keyOf = (octet: number): string => `10.0.0.${octet}:80/tcp`;
const BEFORE = [at(1, 'one', [1]), at(2, 'one', [1, 2])];

/** Until now, `one` was the only partition. */
async function createSite(partitions: readonly string[] = ['one', 'two']): Promise<World> {
  const world = createWorld({ partitions });
  const { next } = planPartition('one', EMPTY_STATE, [slice(1, BEFORE)], {
    sameFleet: () => false,
    shareNodes: false,
    now: world.clock.now(),
  });
  await world.device.declare('one', next, undefined);
  return world;
}

const membersIn = (world: World, partition: string): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(world.device.state(partition).exposures).map(([key, e]) => [
      key,
      e.contributions.flatMap(({ members }) => members.map((m) => m.address.split('.')[3]!)),
    ]),
  );
const lastOf = (world: World, octet: number): Settled['exposures'][number] | undefined =>
  world
    .settled()
    .at(-1)
    ?.exposures.find(({ address }) => address === `10.0.0.${octet}`);
const declaredIn = (world: World): readonly DeclaredPartitionView[] =>
  ['one', 'two'].map((partition) => ({
    device: 'bigip-1',
    partition,
    milliseconds: 1,
    state: world.device.state(partition),
  }));
const approvals = (world: World): readonly Approval[] =>
  approvalsFor(declaredIn(world), owner, undefined);

async function approve(world: World, over: Partial<Approval> = {}): Promise<void> {
  for (const { action: _action, device: _device, ...rest } of approvals(world))
    await world.approve({ ...rest, ...over });
}

let world: World;
beforeEach(async () => {
  world = await createSite();
});

describe('an exposure that needs a node of another partition', () => {
  test('waits, and says what the move would interrupt and how to approve it; everything else goes on', async () => {
    await world.send(slice(2, [at(1, 'one', [1, 3]), BEFORE[1]!, at(3, 'two', [1])]));
    await world.drain();
    expect(membersIn(world, 'one')).toEqual({ [keyOf(1)]: ['1', '3'], [keyOf(2)]: ['1', '2'] });
    expect(membersIn(world, 'two')).toEqual({});
    expect(world.device.state('one').shareNodes).toBe(false);
    expect(lastOf(world, 3)).toMatchObject({
      outcome: 'held',
      code: 'OWN312',
      message:
        'it waits: partition one also has 10.244.0.1 as a member, and BIG-IP accepts a node ' +
        'address in several partitions only if its node is in /Common. Moving the nodes of one ' +
        'there empties 2 pools for a moment, which cuts their connections. To do this, run ' +
        `"sluice approve ${owner} --keys ${keyOf(3)}"`,
    });
    expect(world.deadLetters()).toEqual([]);
  });

  test.each([[['one', 'two']], [['two', 'one']]])(
    'is declared after the approval, without another slice, on partitions %p',
    async (partitions) => {
      world = await createSite(partitions);
      await world.send(slice(2, [...BEFORE, at(3, 'two', [1])]));
      await world.drain();
      expect(approvals(world)).toEqual([
        {
          action: 'approve',
          device: 'bigip-1',
          owner,
          keys: [keyOf(3)],
          version: { epoch: 1, counter: 2, generation: 1 },
          shareNodes: ['one'],
        },
      ]);
      await approve(world);
      await world.drain();
      expect(membersIn(world, 'two')).toEqual({ [keyOf(3)]: ['1'] });
      expect(['one', 'two'].map((one) => world.device.state(one).shareNodes)).toEqual([true, true]);
      expect(world.device.state('two').owners[owner]).not.toHaveProperty('claims');
      expect(world.log).toContainEqual(
        expect.objectContaining({ message: 'move of nodes approved', shareNodes: ['one'] }),
      );
      expect(world.queues.sent('settled-east').map(({ body }) => body)).toContainEqual(
        expect.stringContaining(`a move of nodes that ${owner} waits for was approved`),
      );
    },
  );

  test('loses only its new members, and keeps its members if it would have none', async () => {
    await world.send(slice(2, [...BEFORE, at(3, 'two', [4]), at(4, 'two', [5])]));
    await world.drain();
    await world.send(slice(3, [...BEFORE, at(3, 'two', [1, 6]), at(4, 'two', [1])]));
    await world.drain();
    expect(membersIn(world, 'two')).toEqual({ [keyOf(3)]: ['6'], [keyOf(4)]: ['5'] });
    expect([lastOf(world, 3), lastOf(world, 4)]).toMatchObject([
      { outcome: 'held', message: expect.stringMatching(/^its new members wait: .* one and two/) },
      { outcome: 'held', code: 'OWN312' },
    ]);
    await approve(world);
    await world.drain();
    expect(membersIn(world, 'two')).toEqual({ [keyOf(3)]: ['1', '6'], [keyOf(4)]: ['1'] });
  });

  test('is declared as soon as the other partition no longer needs the node, also in the same batch', async () => {
    world = await createSite(['two', 'one']);
    const gone = {
      what: 'deleted',
      kind: 'Gateway',
      namespace: 'ns',
      resourceVersion: '1',
    } as const;
    const changes = [1, 2].map((octet) => ({ ...gone, name: `gw-${octet}` }));
    await world.send(slice(2, [at(3, 'two', [1, 2])], { changes }));
    await world.drain();
    expect([membersIn(world, 'one'), membersIn(world, 'two')]).toEqual([
      {},
      { [keyOf(3)]: ['1', '2'] },
    ]);
    expect(world.device.state('two').shareNodes).toBe(false);
    expect(lastOf(world, 3)).toMatchObject({ outcome: 'applied' });
  });

  test('that moves there stays where it is until then, if others keep the node', async () => {
    await world.send(slice(2, [BEFORE[0]!, at(2, 'two', [1, 2])]));
    await world.drain();
    expect([membersIn(world, 'one'), membersIn(world, 'two')]).toEqual([
      { [keyOf(1)]: ['1'], [keyOf(2)]: ['1', '2'] },
      {},
    ]);
    expect(world.settled().at(-1)?.exposures).toContainEqual(
      expect.objectContaining({ partition: 'one', outcome: 'held', code: 'OWN312' }),
    );
    await approve(world);
    await world.send(slice(3, [BEFORE[0]!, at(2, 'two', [1, 2])]));
    await world.drain();
    expect([membersIn(world, 'one'), membersIn(world, 'two')]).toEqual([
      { [keyOf(1)]: ['1'] },
      { [keyOf(2)]: ['1', '2'] },
    ]);
  });

  test('that gets another address there stays where it is until then', async () => {
    await world.send(slice(2, [BEFORE[0]!, { ...at(5, 'two', [1, 2]), gateways: ['ns/gw-2'] }]));
    await world.drain();
    expect(Object.keys(membersIn(world, 'one'))).toEqual([keyOf(1), keyOf(2)]);
  });
});

describe('a command that reads devices', () => {
  const why = (octet: number): string => {
    const answer = {
      server: {
        server: 0,
        port: 80,
        protocol: 'HTTP',
        verdict: 'listening',
        code: 'OK',
        reason: '',
      },
      exposures: [`10.0.0.${octet}:80/tcp`],
      remedy: 'Nothing.',
    } as unknown as WhyAnswer;
    const asked = { gateway: `ns/gw-${octet}`, cluster: 'east' };
    const declared = declaredIn(world);
    return whyText(answersNow(world.config, asked, { declared, heads: [], answers: [answer] }));
  };

  test('says why a new exposure is not there, and how to approve it', async () => {
    await world.send(slice(2, [...BEFORE, at(3, 'two', [1])]));
    await world.drain();
    expect(why(3)).toMatch(/ wanted$/m);
    expect(why(3)).toMatch(/^Held until nodes may move to \/Common \(OWN312\)$/m);
    expect(why(3)).toContain(
      `${keyOf(3)} on bigip-1: it waits: partition one also has 10.244.0.1 as a member`,
    );
    expect(why(3)).toContain(`run "sluice approve ${owner} --keys ${keyOf(3)}"`);
    expect(why(1)).not.toContain('OWN312');
  });

  test('says the same of new members of an exposure that is there', async () => {
    await world.send(slice(2, [...BEFORE, at(3, 'two', [4])]));
    await world.drain();
    await world.send(slice(3, [...BEFORE, at(3, 'two', [1, 6])]));
    await world.drain();
    expect(why(3)).toMatch(/ reached$/m);
    expect(why(3)).toContain(`${keyOf(3)} on bigip-1: its new members wait: partition one also`);
  });

  test('prints one line for everything that an owner waits for', async () => {
    await world.send(slice(2, [...BEFORE, at(3, 'two', [1]), at(4, 'two', [2])]));
    await world.drain();
    expect(heldInLines(world.config, declaredIn(world))).toEqual([
      `${owner} on bigip-1: 2 exposures wait until nodes may move to /Common (OWN312). ` +
        'Moving the nodes of one there empties 2 pools for a moment, which cuts their ' +
        `connections. To list and allow it, run "sluice approve ${owner}"`,
    ]);
  });
});

describe('a partition', () => {
  test('keeps nodes of its own while no other needs them, also a new one', async () => {
    await world.send(slice(2, [...BEFORE, at(3, 'two', [7])]));
    await world.drain();
    expect(['one', 'two'].map((one) => world.device.state(one).shareNodes)).toEqual([false, false]);
  });

  test('without exposures shares the nodes that others share, without an approval', async () => {
    await world.device.declare(
      'one',
      { ...world.device.state('one'), shareNodes: true },
      await keyIn(world, 'one'),
    );
    await world.send(slice(2, [...BEFORE, at(3, 'two', [1])]));
    await world.drain();
    expect(membersIn(world, 'two')).toEqual({ [keyOf(3)]: ['1'] });
    expect(world.device.state('two').shareNodes).toBe(true);
  });
});

async function keyIn({ device }: World, partition: string): Promise<string | undefined> {
  const reading = await device.read(partition);
  return reading.kind === 'ours' ? reading.declared.lockKey : undefined;
}

describe('an approval of a move', () => {
  test('covers only the partitions that were shown', async () => {
    await world.send(slice(2, [...BEFORE, at(3, 'two', [1])]));
    await world.drain();
    await approve(world, { shareNodes: ['two'] });
    await world.drain();
    expect(membersIn(world, 'two')).toEqual({});
    expect(world.device.state('one').shareNodes).toBe(false);
    expect(world.deadLetters()).toMatchObject([
      { code: 'OWN311', reason: expect.stringContaining('holds nothing of 10.0.0.3:80/tcp') },
    ]);
  });

  test('covers only the version that was shown, and newer ones of the next minute', async () => {
    const wishes = [...BEFORE, at(3, 'two', [1])];
    await world.send(slice(2, wishes));
    await world.drain();
    const [{ action: _action, device: _device, ...shown }] = approvals(world) as [Approval];
    const order = { steering: { ...shown, action: 'approve', device: 'bigip-1' }, at: 0 } as const;
    world.clock.advance(61_000);
    await world.send(slice(3, wishes));
    await world.drain();
    const states = new Map(['one', 'two'].map((one) => [one, world.device.state(one)]));
    expect(heldByNodes(states, () => false)).toHaveLength(1);
    const granted = decideNodes({ states, slices: [], sameFleet: () => false, orders: [order] });
    expect(granted).toMatchObject({ moving: [], granted: [] });
    const again = { ...order, at: world.clock.now() };
    expect(
      decideNodes({ states, slices: [], sameFleet: () => false, orders: [again] }),
    ).toMatchObject({ moving: ['one'] });
  });

  test('removes nothing, even if the exposure is not wanted any more', async () => {
    const many = [3, 4, 5, 6, 7].map((octet) => at(octet, 'two', [octet]));
    await world.send(slice(2, [...BEFORE, ...many]));
    await world.drain();
    await world.send(
      slice(3, [...BEFORE, ...many.map((e) => at(Number(e.address.split('.')[3]), 'two', [1, 9]))]),
    );
    await world.drain();
    const shown = approvals(world);
    expect(shown).toMatchObject([{ shareNodes: ['one', 'two'] }]);
    await world.send(slice(4, BEFORE));
    for (const { action: _action, device: _device, ...rest } of shown) await world.approve(rest);
    await world.drain();
    expect(Object.keys(membersIn(world, 'two'))).toHaveLength(5);
    expect(world.device.state('one').shareNodes).toBe(false);
  });
});

describe('the plan of a device', () => {
  test('names the interruption, and declares nothing of the move', () => {
    const states = new Map([
      ['one', world.device.state('one')],
      ['two', EMPTY_STATE],
    ]);
    const plans = planDevice([slice(2, [...BEFORE, at(3, 'two', [1])])], {
      states,
      sameFleet: () => false,
      pathOf: (partition) => partition,
    });
    expect(plans.get('two')?.entries).toMatchObject([
      { kind: 'held', code: 'OWN312', reason: expect.stringContaining('empties 2 pools') },
    ]);
    expect(plans.get('one')?.next.shareNodes).toBe(false);
    expect(plans.get('one')?.entries.map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged']);
  });
});
