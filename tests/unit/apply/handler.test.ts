import { beforeEach, describe, expect, test } from '@jest/globals';
import { renderTenant } from '../../../shared/bigip/as3/render.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { refusing } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import type { World } from '../../promises/support/world.ts';
import { createWorld } from '../../promises/support/world.ts';

const { owner } = slice(1, []);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const many = (ports: readonly number[]): ReturnType<typeof exposure>[] =>
  ports.map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));
const portsOn = (world: World, partition?: string): number[] =>
  Object.values(world.device.state(partition).exposures)
    .map((e) => e.port)
    .sort((a, b) => a - b);
const lines = (world: World, message: string): readonly object[] =>
  world.log.filter((line) => line.message === message);

let world: World;
beforeEach(() => {
  world = createWorld();
});

describe('approvals', () => {
  const hold = async (): Promise<void> => {
    await world.send(slice(1, many(range(8))));
    await world.drain();
    await world.send(slice(2, many([8])));
  };

  test('take effect in order with the slices of one batch', async () => {
    await hold();
    await world.approve({ owner, keys: ['172.16.100.195:1/tcp'] });
    await world.send(slice(3, [...many([8]), exposure({ port: 99 })]));
    await world.step();
    expect(portsOn(world)).toEqual([2, 3, 4, 5, 6, 7, 8, 99]);
  });

  test('of everything that is held remove exactly that, without another slice', async () => {
    await hold();
    await world.drain();
    expect(
      world
        .settled()
        .at(-1)
        ?.exposures.filter((e) => e.outcome === 'held'),
    ).toHaveLength(7);
    await world.approve({ owner });
    await world.drain();
    expect(portsOn(world)).toEqual([8]);
    expect(lines(world, 'removals approved')).toMatchObject([
      { owner, approved: range(7).map((p) => `172.16.100.195:${p}/tcp`) },
    ]);
  });

  test('without effect are dead-lettered with a remedy, unless they are redelivered', async () => {
    await world.approve({ owner });
    await world.drain();
    expect(world.deadLetters()).toMatchObject([
      { code: 'OWN311', owner, reason: expect.stringContaining('holds no removal') },
    ]);
    await hold();
    await world.drain();
    await world.approve({ owner });
    let lost = false;
    world.device.before = (_p, _n, commit) => {
      if (lost) return;
      lost = true;
      commit();
      throw new DeviceError('BIP503', 'transient', 'busy, although it was done');
    };
    await world.drain();
    expect(portsOn(world)).toEqual([8]);
    expect(world.deadLetters()).toHaveLength(1);
  });
});

describe('what a batch leaves behind', () => {
  test('one result for the newest slice of an owner, and a log line for each slice that it replaced', async () => {
    await world.send(slice(2, many([1])));
    await world.send(slice(1, many([2])));
    await world.step();
    expect(world.settled().map((s) => s.version.counter)).toEqual([2]);
    expect(lines(world, 'superseded by a newer slice')).toMatchObject([{ revision: '1.1' }]);
  });

  test('deletions observed by a superseded slice stay proven', async () => {
    await world.send(slice(1, many(range(8))));
    await world.drain();
    const changes = range(7).map((n) => ({
      what: 'deleted' as const,
      kind: 'Gateway',
      namespace: 'ns',
      name: `gw-${n}`,
      resourceVersion: '',
    }));
    await world.send(slice(2, many([8]), { changes }));
    await world.send(slice(3, many([8])));
    await world.step();
    expect(portsOn(world)).toEqual([8]);
  });

  test('a log line for each declare that was tried', async () => {
    world.device.before = refusing((e) => e.port === 2);
    await world.send(slice(1, many([1, 2])));
    await world.step();
    expect(lines(world, 'declare')).toMatchObject([
      { device: 'bigip-1', partition: 'k8s', changes: 2, outcome: 'BIP421' },
      { changes: 1, outcome: 'applied' },
      { changes: 0, outcome: 'applied' },
    ]);
  });

  test('a dead letter contains the attempts of a message over its redeliveries', async () => {
    let busy = 2;
    const refuse = refusing((e) => e.port === 2);
    world.device.before = (...args) => {
      if (busy-- > 0) throw new DeviceError('BIP503', 'transient', 'busy');
      refuse(...args);
    };
    await world.send(slice(1, many([2])));
    await world.drain();
    expect(world.deadLetters()[0]?.attempts.map((a) => a.code)).toEqual([
      'BIP503',
      'BIP503',
      'BIP421',
    ]);
  });

  test('one dead letter for a partition that is not ours, whatever the number of exposures', async () => {
    world.device.read = () =>
      Promise.resolve({ kind: 'refused', code: 'OWN303', reason: 'not ours' });
    await world.send(slice(1, many([1, 2, 3])));
    await world.drain();
    expect(world.deadLetters()).toMatchObject([{ code: 'OWN303', partition: 'k8s' }]);
    expect(world.settled()[0]?.exposures.map((e) => e.outcome)).toEqual([
      'rejected',
      'rejected',
      'rejected',
    ]);
  });

  test('a slice of an unknown event type is dead-lettered and does not delay others', async () => {
    await world.queues
      .queue('slices')
      .send({ group: 'bigip-1', deduplicationId: 'x', body: '{"specversion":"1.0"}' });
    await world.send(slice(1, many([1])));
    await world.step();
    expect(portsOn(world)).toEqual([1]);
    expect(world.deadLetters()[0]?.code).toBe('Q611');
  });
});

describe('several partitions on one device', () => {
  beforeEach(() => {
    world = createWorld({ partitions: ['one', 'two'] });
  });

  test('a move is a removal, then a creation, and says that it cut connections', async () => {
    await world.send(
      slice(
        1,
        many(range(8)).map((e) => ({ ...e, partition: 'one' })),
      ),
    );
    await world.drain();
    world.device.before = (partition, next) => {
      const other = world.device.state(partition === 'one' ? 'two' : 'one').exposures;
      if (Object.keys(next.exposures).some((key) => key in other))
        throw new DeviceError('BIP423', 'content', 'the address belongs to another partition');
    };
    await world.send(
      slice(
        2,
        many(range(8)).map((e) => ({ ...e, partition: 'two' })),
      ),
    );
    await world.drain();
    expect([portsOn(world, 'one'), portsOn(world, 'two')]).toEqual([[], range(8)]);
    expect(world.device.declares.every((d) => d.ok)).toBe(true);
    expect(world.settled().at(-1)?.exposures[0]).toMatchObject({
      outcome: 'applied',
      message: expect.stringContaining('moves here from partition one, which cut its connections'),
    });
  });

  /** Red without `stuckMoves` in guards.ts. */
  test('an exposure does not leave its partition until the new one can be written', async () => {
    await world.send(
      slice(
        1,
        many(range(2)).map((e) => ({ ...e, partition: 'one' })),
      ),
    );
    await world.drain();
    const read = world.device.read.bind(world.device);
    world.device.read = (partition) =>
      partition === 'two'
        ? Promise.resolve({ kind: 'refused', code: 'OWN305', reason: 'another client changed it' })
        : read(partition);
    const moved = many(range(2)).map((e) => ({ ...e, partition: 'two' }));
    await world.send(slice(2, moved));
    await world.drain();
    expect([portsOn(world, 'one'), portsOn(world, 'two')]).toEqual([[1, 2], []]);
    expect(world.settled().at(-1)?.exposures).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ partition: 'one', outcome: 'held', code: 'OWN305' }),
        expect.objectContaining({ partition: 'two', outcome: 'rejected', code: 'OWN305' }),
      ]),
    );
    world.device.read = read;
    await world.send(slice(3, moved));
    await world.drain();
    expect([portsOn(world, 'one'), portsOn(world, 'two')]).toEqual([[], [1, 2]]);
  });

  test('swapping two addresses between partitions works in one go', async () => {
    const at = (port: number, partition: string): ReturnType<typeof exposure> =>
      exposure({ address: `10.0.0.${port}`, port, partition });
    await world.send(slice(1, [at(1, 'one'), at(2, 'two')]));
    await world.send(slice(2, [at(1, 'two'), at(2, 'one')]));
    await world.drain();
    expect([portsOn(world, 'one'), portsOn(world, 'two')]).toEqual([[2], [1]]);
  });

  test('an address that the sibling has is a conflict, found before posting', async () => {
    await world.send(
      slice(1, [exposure({ port: 1, partition: 'one' }), exposure({ port: 2, partition: 'two' })]),
    );
    await world.drain();
    expect(world.settled()[0]?.exposures).toMatchObject([
      { outcome: 'applied' },
      {
        outcome: 'conflict',
        code: 'BIP423',
        message: expect.stringContaining('/one/gw-172_16_100_195-1-tcp/virtual'),
      },
    ]);
  });

  test('nodes are shared, in each partition that is declared', async () => {
    await world.send(
      slice(1, [
        exposure({ port: 1, partition: 'one' }),
        exposure({ address: '172.16.100.196', port: 2, partition: 'two' }),
      ]),
    );
    await world.drain();
    const members = ['one', 'two'].flatMap((partition) =>
      Object.values(renderTenant(world.device.state(partition), { shareNodes: false })).flatMap(
        (part) => (part as { pool?: { members: readonly object[] } }).pool?.members ?? [],
      ),
    );
    expect(members).toEqual([
      expect.objectContaining({ servicePort: 1, shareNodes: true }),
      expect.objectContaining({ servicePort: 2, shareNodes: true }),
    ]);
  });
});

describe('an order to declare again', () => {
  test('declares what is declared, and verifies it', async () => {
    await world.send(slice(1, many([1])));
    await world.drain();
    let verified = 0;
    world.device.verify = () =>
      Promise.resolve(verified++ > 0 ? [] : ['pool /k8s/x has members none']);
    await world.audit(['k8s']);
    await world.drain();
    expect(world.device.declares).toHaveLength(3);
    expect(lines(world, 'declared again')).toHaveLength(1);
    await world.audit([]);
    await world.drain();
    expect(lines(world, 'declared again')).toHaveLength(1);
  });
});
