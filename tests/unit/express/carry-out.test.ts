/** The order of readings and writes, on a device in memory. */
import { describe, expect, test } from '@jest/globals';
import { runExpressJob } from '../../../functions/express/device.ts';
import { LeaseLost } from '../../../shared/queue/lease.ts';
import { declared, EAST, event, INNER } from './fixtures.ts';
import { memoryNodes } from './memory.ts';

const pools = [{ [EAST]: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }];
const nodes = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

describe('express carries out', () => {
  test('one write for each node, with a reading of the declaration before and after', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    await runExpressJob({ access, partition: 'k8s', events: [event(2, ['10.0.0.1', '10.0.0.2'])] });
    expect(access.calls).toEqual([
      'declared',
      'nodes',
      'write 10.0.0.1',
      'write 10.0.0.2',
      'declared',
    ]);
    expect(access.now()).toEqual(['10.0.0.1 draining', '10.0.0.2 draining', '10.0.0.3 ready']);
  });

  test('only the one reading if nothing is to be written', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    await runExpressJob({ access, partition: 'k8s', events: [event(2, ['10.0.0.1 back'])] });
    expect(access.calls).toEqual(['declared', 'nodes']);
  });

  test('no write once another process may have the events', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    const job = { access, partition: 'k8s', events: [event(2, ['10.0.0.1'])] };
    const prove = (): Promise<void> => Promise.reject(new LeaseLost());
    await expect(runExpressJob({ ...job, prove })).rejects.toThrow(LeaseLost);
    expect(access.calls).toEqual(['declared', 'nodes']);
  });

  test('no correction either, which is another write', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = (call) =>
      call.startsWith('write') && (access.state = declared({ pools, at: { [EAST]: 3 } }));
    let left = 1;
    const prove = (): Promise<void> =>
      left-- > 0 ? Promise.resolve() : Promise.reject(new LeaseLost());
    const job = { access, partition: 'k8s', events: [event(2, ['10.0.0.1'])], prove };
    await expect(runExpressJob(job)).rejects.toThrow(LeaseLost);
    expect(access.calls).toEqual(['declared', 'nodes', 'write 10.0.0.1', 'declared']);
  });

  // Red without lookBack: the address would stay drained although a newer slice gave it to another
  // pod.
  test('a declaration that overtakes the write wins, although node writes are unconditional', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = (call) =>
      call.startsWith('write') && (access.state = declared({ pools, at: { [EAST]: 3 } }));
    const done = await runExpressJob({
      access,
      partition: 'k8s',
      events: [event(2, ['10.0.0.1'])],
    });
    expect(done.corrected).toEqual(['10.0.0.1']);
    expect(access.now()).toEqual(['10.0.0.1 ready', '10.0.0.2 ready', '10.0.0.3 ready']);
  });

  // Red when lookBack compares only versions: an order changes none.
  test('a drain that overtakes the write wins', async () => {
    const access = memoryNodes(declared({ pools }), ['10.0.0.1 draining', '10.0.0.2', '10.0.0.3']);
    access.before = (call) =>
      call === 'write 10.0.0.1' && (access.state = declared({ pools, drained: ['east'] }));
    const done = await runExpressJob({
      access,
      partition: 'k8s',
      events: [event(2, ['10.0.0.1 back'])],
    });
    expect(done.corrected).toContain('10.0.0.1');
    expect(access.now()).toEqual(['10.0.0.1 draining', '10.0.0.2 draining', '10.0.0.3 draining']);
  });

  // Red when lookBack reads only once.
  test('a correction that is overtaken in turn is corrected too', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    const newer = [
      declared({ pools, at: { [EAST]: 3 } }),
      declared({
        pools: [{ [EAST]: ['10.0.0.1 draining', '10.0.0.2', '10.0.0.3'] }],
        at: { [EAST]: 4 },
      }),
    ];
    access.before = (call) =>
      call.startsWith('write') && (access.state = newer.shift() ?? access.state);
    const done = await runExpressJob({
      access,
      partition: 'k8s',
      events: [event(2, ['10.0.0.1'])],
    });
    expect([done.corrected, access.now()[0]]).toEqual([['10.0.0.1'], '10.0.0.1 draining']);
    expect(access.calls.filter((call) => call.startsWith('write'))).toHaveLength(3);
  });

  test('the declaration of the same revision corrects nothing', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = (call) =>
      call.startsWith('write') &&
      (access.state = declared({
        pools: [{ [EAST]: ['10.0.0.1 draining', '10.0.0.2', '10.0.0.3'] }],
        at: { [EAST]: 2 },
      }));
    const done = await runExpressJob({
      access,
      partition: 'k8s',
      events: [event(2, ['10.0.0.1'])],
    });
    expect([done.corrected, access.now()[0]]).toEqual([[], '10.0.0.1 draining']);
  });

  test('one second reading is enough if the newer declaration wants the same', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = (call) =>
      call.startsWith('write') &&
      (access.state = declared({
        pools: [{ [EAST]: ['10.0.0.1 draining', '10.0.0.2', '10.0.0.3'] }],
        at: { [EAST]: 3 },
      }));
    await runExpressJob({ access, partition: 'k8s', events: [event(2, ['10.0.0.1'])] });
    expect(access.calls).toEqual(['declared', 'nodes', 'write 10.0.0.1', 'declared', 'nodes']);
  });

  test('the second reading needs no further request if the same revision is declared', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = (call) =>
      call.startsWith('write') && (access.state = declared({ pools, at: { [EAST]: 2 } }));
    await runExpressJob({ access, partition: 'k8s', events: [event(2, ['10.0.0.1'])] });
    expect(access.calls).toEqual(['declared', 'nodes', 'write 10.0.0.1', 'declared']);
  });

  test('one owner that is overtaken is enough to read the nodes again', async () => {
    const both = [...pools, { [INNER]: ['10.0.0.7', '10.0.0.8'] }];
    const access = memoryNodes(declared({ pools: both }), [...nodes, '10.0.0.7', '10.0.0.8']);
    access.before = (call) =>
      call === 'write 10.0.0.7' && (access.state = declared({ pools: both, at: { [INNER]: 3 } }));
    const done = await runExpressJob({
      access,
      partition: 'k8s',
      events: [event(2, ['10.0.0.1']), event(2, ['10.0.0.7'], { owner: INNER })],
    });
    expect(done.corrected).toContain('10.0.0.7');
  });

  test('an owner that is gone from the declaration meanwhile disturbs nothing', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = (call) => call.startsWith('write') && (access.state = declared({ pools: [] }));
    await expect(
      runExpressJob({ access, partition: 'k8s', events: [event(2, ['10.0.0.1'])] }),
    ).resolves.toMatchObject({ corrected: [] });
  });

  test('five readings at most, if every correction is overtaken in turn', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    let counter = 2;
    access.before = (call) => {
      if (!call.startsWith('write')) return;
      counter += 1;
      access.state = declared({
        pools: [
          {
            [EAST]: [counter % 2 === 1 ? '10.0.0.1' : '10.0.0.1 draining', '10.0.0.2', '10.0.0.3'],
          },
        ],
        at: { [EAST]: counter },
      });
    };
    await runExpressJob({ access, partition: 'k8s', events: [event(2, ['10.0.0.1'])] });
    expect(access.calls.filter((call) => call === 'declared')).toHaveLength(1 + 5);
  });

  test('the other writes after a failed one, which is reported', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    // The second device takes longer: a function that returned earlier would be stopped in the
    // middle of it.
    access.before = async (call) => {
      if (call === 'write 10.0.0.1') throw new Error('busy');
      if (call === 'write 10.0.0.2') await new Promise((resolve) => setImmediate(resolve));
    };
    await expect(
      runExpressJob({ access, partition: 'k8s', events: [event(2, ['10.0.0.1', '10.0.0.2'])] }),
    ).rejects.toThrow('busy');
    expect(access.now()).toEqual(['10.0.0.1 ready', '10.0.0.2 draining', '10.0.0.3 ready']);
  });
});
