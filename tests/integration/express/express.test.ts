import { afterEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { resetNodes } from '../../../shared/bigip/state/nodes.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EAST, event, INNER } from '../../unit/express/fixtures.ts';
import type { Site } from './support.ts';
import { isNodeWrite, stamp, startSite } from './support.ts';

let site: Site;
afterEach(() => site.close());

const inner = { owner: INNER };
const NORTH = 'north/istio-system/istio-ingressgateway';

async function declaredOn({ device }: Site): Promise<DeclaredState> {
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return reading.declared.state;
}

/** Members that accept new connections, over all pools. */
function takers({ bigip }: Site): string[] {
  const pools = bigip.view().partitions.flatMap((partition) => partition.pools);
  return pools
    .flatMap((pool) =>
      pool.members
        .filter((member) => member.enabled)
        .map((member) => `${member.address} ${pool.name}`),
    )
    .sort();
}

async function twoPods(): Promise<void> {
  site = await startSite();
  await site.declare(1, [
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.1', '10.0.0.2'],
  ]);
}

describe('a pod that terminates', () => {
  test('gets no new connections in any pool after one write, which records the revision', async () => {
    await twoPods();
    expect(takers(site)).toHaveLength(4);
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toEqual([]);
    expect(takers(site)).toEqual(['10.0.0.2 pool', '10.0.0.2 pool']);
    expect(site.nodeWrites).toEqual([
      { session: 'user-disabled', state: 'user-up', description: stamp(2) },
    ]);
    expect(site.lines).toMatchObject([
      { message: 'express', written: ['10.0.0.1 draining (terminating)'] },
    ]);
  });

  test('is drained during a declare, which neither blocks nor reverts the drain', async () => {
    await twoPods();
    site.bigip.faults.timings.declare = 3_000;
    let ended = false;
    const declaring = site
      .declare(2, [
        ['10.0.0.1', '10.0.0.2'],
        ['10.0.0.1', '10.0.0.2'],
        ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
      ])
      .then(() => (ended = true));
    await posted(site);
    await site.express([event(3, ['10.0.0.1 terminating'])]);
    expect([ended, await site.nodes()]).toEqual([false, ['10.0.0.1 draining', '10.0.0.2 ready']]);
    await declaring;
    expect(await site.nodes()).toEqual(['10.0.0.1 draining', '10.0.0.2 ready', '10.0.0.3 ready']);
    // After its declare, apply's older slice does not revert what express wrote for a newer
    // revision.
    expect(await site.device.reconcileMembers('k8s', await declaredOn(site))).toEqual([]);
    await site.declare(3, [
      ['10.0.0.1 draining', '10.0.0.2'],
      ['10.0.0.1 draining', '10.0.0.2'],
    ]);
    expect(await site.device.reconcileMembers('k8s', await declaredOn(site))).toEqual([]);
    expect((await site.nodes())[0]).toBe('10.0.0.1 draining');
  });

  test('does not affect the same address in the route domain of another cluster', async () => {
    const drain = async (suffixes: readonly [string, string]): Promise<string[]> => {
      site = await startSite({ common: { routeDomains: ['1', '2'] } });
      for (const [i, owner] of [EAST, NORTH].entries())
        await site.declare(1, [['10.0.0.1', '10.0.0.2'].map((ip) => `${ip}${suffixes[i]}`)], {
          owner,
          clusterUid: `uid-${owner.split('/')[0]}`,
        });
      await site.express([event(2, [`10.0.0.1${suffixes[0]} terminating`])]);
      return (await site.nodes()).filter((text) => !text.endsWith('ready'));
    };
    expect(await drain(['%1', '%2'])).toEqual(['10.0.0.1%1 draining']);
    expect(takers(site)).toEqual(['10.0.0.1%2 pool', '10.0.0.2%1 pool', '10.0.0.2%2 pool']);
    await site.close();
    expect(await drain(['', ''])).toEqual([]);
    expect(site.lines.flatMap(({ others }) => others ?? [])).toEqual([
      `10.0.0.1 left: ${NORTH} uses 10.0.0.1 too`,
    ]);
  });

  test('stays drained when an older revision arrives late; a duplicate event writes nothing', async () => {
    await twoPods();
    await site.express([event(5, ['10.0.0.1 terminating'])]);
    await site.express([event(4, ['10.0.0.1 back'])]);
    await site.express([event(5, ['10.0.0.1 terminating'])]);
    expect((await site.nodes())[0]).toBe('10.0.0.1 draining');
    expect(site.nodeWrites).toHaveLength(1);
    expect(site.lines.map((line) => line.others)).toEqual([
      [],
      ['10.0.0.1 superseded: node 10.0.0.1 was written by a newer revision'],
      ['10.0.0.1 unchanged: node 10.0.0.1 is so already'],
    ]);
  });

  test('is enabled by the next slice if only express had drained it', async () => {
    await twoPods();
    await site.express([event(2, ['10.0.0.1 terminating'])]);
    await site.declare(3, [
      ['10.0.0.1', '10.0.0.2'],
      ['10.0.0.1', '10.0.0.2'],
    ]);
    // The declare itself enables addresses before they are used again.
    expect(await site.device.reconcileMembers('k8s', await declaredOn(site))).toEqual([]);
    expect(takers(site)).toHaveLength(4);
    await site.express([event(2, ['10.0.0.1 terminating'])]);
    expect(takers(site)).toHaveLength(4);
  });
});

describe('a member that returns', () => {
  test('takes connections again after one write', async () => {
    await twoPods();
    await site.express([event(2, ['10.0.0.1 unready'])]);
    expect(await site.nodes()).toEqual(['10.0.0.1 out', '10.0.0.2 ready']);
    await site.express([event(3, ['10.0.0.1 back'])]);
    expect(takers(site)).toHaveLength(4);
    expect(site.nodeWrites).toEqual([
      { session: 'user-disabled', state: 'user-down', description: stamp(2) },
      { session: 'user-enabled', state: 'user-up', description: stamp(3) },
    ]);
  });

  test('an address reused by another pod is enabled before the next declare; drains are never early', async () => {
    site = await startSite();
    await site.declare(1, [
      ['10.0.0.1', '10.0.0.2'],
      ['10.0.0.3', '10.0.0.2'],
    ]);
    await site.express([event(2, ['10.0.0.1 terminating'])]);
    await site.declare(3, [['10.0.0.1', '10.0.0.2 draining'], ['10.0.0.3']]);
    expect(await resetNodes(site.session, 'k8s', await declaredOn(site))).toEqual([]);
    expect(await site.nodes()).toEqual(['10.0.0.1 ready', '10.0.0.2 ready', '10.0.0.3 ready']);
  });
});

describe('what express leaves alone', () => {
  test('each ingress gets reports only about its own writes', async () => {
    await twoPods();
    const other = event(2, ['10.0.0.9 terminating'], inner);
    expect(await site.express([event(2, ['10.0.0.1 terminating']), other])).toEqual([]);
    const told = new Map(site.lines.map((line) => [line.owner, line]));
    expect(told.get(EAST)).toMatchObject({
      written: ['10.0.0.1 draining (terminating)'],
      others: [],
    });
    expect(told.get(INNER)).toMatchObject({
      written: [],
      others: [expect.stringContaining('10.0.0.9')],
    });
  });

  test('each event gets reports only about its own pods, if one was sent ahead of a snapshot', async () => {
    site = await startSite();
    await site.declare(1, [['10.0.0.1', '10.0.0.2', '10.0.0.3']]);
    const ahead = event(3, ['10.0.0.2 terminating'], { ahead: true });
    expect(await site.express([event(2, ['10.0.0.1 terminating']), ahead])).toEqual([]);
    expect(site.lines.map(({ written }) => written)).toEqual([
      ['10.0.0.1 draining (terminating)'],
      ['10.0.0.2 draining (terminating)'],
    ]);
  });

  test("an address that another ingress uses too, unless it is a Kubernetes node's", async () => {
    site = await startSite();
    await site.declare(1, [['10.0.0.1', '10.0.0.2']]);
    await site.declare(1, [['10.0.0.1', '10.0.0.2']], inner);
    await site.express([event(2, ['10.0.0.1 terminating'])]);
    expect([site.nodeWrites, site.lines.at(-1)?.others]).toEqual([
      [],
      [`10.0.0.1 left: ${INNER} uses 10.0.0.1 too`],
    ]);
    await site.express([event(3, ['10.0.0.1 cordoned'])]);
    expect(takers(site).map((text) => text.split(' ')[0])).toEqual(['10.0.0.2', '10.0.0.2']);
    // The other ingress has not declared the cordon yet, and does not revert it.
    await site.declare(3, [['10.0.0.1 draining', '10.0.0.2']]);
    expect(await site.device.reconcileMembers('k8s', await declaredOn(site))).toEqual([]);
  });

  test('a pool that would lose its last member or more than half keeps all members, with a report', async () => {
    site = await startSite();
    await site.declare(1, [['10.0.0.1', '10.0.0.2', '10.0.0.3']]);
    await site.express([event(2, ['10.0.0.1 node-not-ready', '10.0.0.2 node-not-ready'])]);
    expect(takers(site)).toHaveLength(3);
    expect(site.lines.at(-1)?.others).toEqual([
      expect.stringContaining('monitors judge'),
      expect.stringContaining('monitors judge'),
    ]);
  });

  test('a partition that another client declares', async () => {
    site = await startSite();
    await site.session.call({
      method: 'POST',
      path: '/mgmt/shared/appsvcs/declare/k8s',
      body: {
        class: 'ADC',
        schemaVersion: '3.50.0',
        k8s: {
          class: 'Tenant',
          app: {
            class: 'Application',
            pool: {
              class: 'Pool',
              members: [{ servicePort: 80, serverAddresses: ['10.0.0.1', '10.0.0.2'] }],
            },
          },
        },
      },
    });
    await site.express([event(2, ['10.0.0.1 terminating'])]);
    expect([site.nodeWrites, await site.nodes()]).toEqual([
      [],
      ['10.0.0.1 ready', '10.0.0.2 ready'],
    ]);
  });

  test('nodes that partitions share in /Common: express does not even log in', async () => {
    site = await startSite({ partitions: ['k8s', 'edge'], password: 'wrong' });
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toEqual([]);
    expect(site.lines).toMatchObject([
      {
        message: 'express dropped',
        reason: expect.stringContaining('has other partitions besides'),
      },
    ]);
  });
});

describe('when a write to the device fails', () => {
  test('a busy device is retried until the event is a minute old; then only the slice counts', async () => {
    await twoPods();
    site.bigip.faults.next(
      1,
      {
        kind: 'status',
        status: 503,
        body: { code: 503, message: 'There is an active asynchronous task executing.' },
      },
      isNodeWrite,
    );
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toHaveLength(1);
    expect(await site.express([])).toEqual([]);
    expect((await site.nodes())[0]).toBe('10.0.0.1 draining');
    expect(await site.express([event(3, ['10.0.0.1 back'])], { age: 61_000 })).toEqual([]);
    expect((await site.nodes())[0]).toBe('10.0.0.1 draining');
    expect(site.lines.map((line) => line.message)).toEqual([
      'retrying express event',
      'express',
      'express dropped',
    ]);
  });

  test('a write whose answer is lost is repeated unchanged', async () => {
    await twoPods();
    site.bigip.faults.loseAnswers(1, isNodeWrite);
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toHaveLength(1);
    expect(await site.express([])).toEqual([]);
    expect([(await site.nodes())[0], site.nodeWrites.length]).toEqual(['10.0.0.1 draining', 1]);
  });

  test('a node that a concurrent declare removed is no failure', async () => {
    await twoPods();
    site.bigip.faults.next(
      1,
      {
        kind: 'status',
        status: 404,
        body: {
          code: 404,
          message: '01020036:3: The requested Node (/k8s/10.0.0.1) was not found.',
        },
      },
      isNodeWrite,
    );
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toEqual([]);
    expect(site.lines.map((line) => line.message)).toEqual(['express']);
  });

  /** Without it, a corrected CA would be read only after a restart. */
  test('a wrong CA is read again for the next event, because it may have been corrected', async () => {
    const stranger = await generate([{ name: 'commonName', value: 'another CA' }]);
    let wrong = true;
    site = await startSite({ ca: () => (wrong ? stranger.cert : undefined) });
    await site.declare(1, [['10.0.0.1', '10.0.0.2']]);
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toEqual([]);
    expect(site.lines).toMatchObject([
      { message: 'express event dropped; the slice decides', code: 'BIP402' },
    ]);
    wrong = false;
    expect(await site.express([event(3, ['10.0.0.1 terminating'])])).toEqual([]);
    expect(await site.nodes()).toEqual(['10.0.0.1 draining', '10.0.0.2 ready']);
  });

  test('a busy device causes neither a new login nor a new lookup of its CA', async () => {
    let asked = 0;
    site = await startSite({
      ca: () => {
        asked += 1;
        return undefined;
      },
    });
    await site.declare(1, [['10.0.0.1', '10.0.0.2']]);
    const before = asked;
    site.bigip.faults.next(
      1,
      { kind: 'status', status: 503, body: { code: 503, message: 'busy' } },
      isNodeWrite,
    );
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toHaveLength(1);
    expect(await site.express([])).toEqual([]);
    expect(await site.nodes()).toEqual(['10.0.0.1 draining', '10.0.0.2 ready']);
    expect(asked - before).toBe(1);
  });

  test('a refused login is not retried, because more attempts would lock the account', async () => {
    site = await startSite({ password: 'wrong' });
    expect(await site.express([event(2, ['10.0.0.1 terminating'])])).toEqual([]);
    expect(site.lines).toMatchObject([
      { message: 'express event dropped; the slice decides', code: 'BIP401', owners: [EAST] },
    ]);
  });
});

/** The device has accepted the declare and is working on it. */
async function posted({ bigip }: Site): Promise<void> {
  const before = bigip.writes.length;
  while (
    !bigip.writes.slice(before).some(({ path }) => path.startsWith('/mgmt/shared/appsvcs/declare'))
  )
    await new Promise((resolve) => setTimeout(resolve, 5));
}
