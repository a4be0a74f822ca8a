import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../infra/lab/bigip/index.ts';
import { ownerKey, type Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import { serialiseEvent } from '../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED } from '../../shared/queue/events.ts';
import {
  answered,
  converged,
  deadLetters,
  eventOf,
  eventsOf,
  isRising,
  openPorts,
  parked,
  pending,
  plant,
  servicePorts,
  virtualServer,
  virtualServers,
  watchFences,
} from './support/looks.ts';
import { CLUSTER, OWNER, startSite, VIRTUAL_ADDRESS, type Site } from './support/site.ts';
import { blockGroup } from './support/block-group.ts';
import { until } from './support/until.ts';

const LIMIT = 240_000;

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

describe('sluice up', () => {
  test(
    'exits with the reason if a part of it cannot start, and leaves nothing running',
    async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const { config, kubeconfig } = site.files;
      const first = site.launch([
        'up',
        '--config',
        config,
        '--kubeconfig',
        kubeconfig,
        '--console',
        String(port),
      ]);
      await until(
        'it ended',
        () => !first.alive(),
        () => first.stdout(),
      );
      taken.close();
      expect(first.stderr()).toContain(`port ${port} of 127.0.0.1 cannot be used`);
      const next = await site.up();
      expect(next.log().find(({ msg }) => msg === 'leading')).toMatchObject({ before: '' });
    },
    LIMIT,
  );

  test(
    'makes a Gateway reachable, stops on SIGTERM with code 0, and continues after a restart',
    async () => {
      const first = await site.up();
      await openPorts(site, 'echo', [{ port: 32_400 }]);
      await converged(site, 'echo', 32_400, first);
      // One trace id leads through the log, from the watcher to BIG-IP and back.
      const steps = Map.groupBy(first.log(), ({ traceId }) => traceId);
      steps.delete(undefined);
      expect([...steps.values()].map((lines) => lines.map(({ msg }) => msg))).toContainEqual(
        expect.arrayContaining(['sent', 'mapped', 'settled', 'received']),
      );

      // In progress at the signal: a declaration that the device is still working on.
      site.bigip.faults.timings.declare = 1_500;
      await openPorts(site, 'second', [{ port: 32_500 }]);
      await until(
        'a declaration with the second one is accepted',
        () => site.bigip.declares.some(({ servers }) => servers === 2),
        () => first.stdout(),
      );
      expect(await first.kill('SIGTERM')).toBe(0);
      expect(first.stderr()).toBe('');
      expect(first.log().at(-1)?.msg).toBe('stopped');
      expect(virtualServers(site)).toEqual([
        `${VIRTUAL_ADDRESS}:32400/tcp`,
        `${VIRTUAL_ADDRESS}:32500/tcp`,
      ]);
      // Waiting messages were not started; started ones are finished and deleted.
      for (const queue of ['snapshots', 'slices', `settled-${CLUSTER}`] as const)
        expect(await site.queues.queue(queue).depth()).toMatchObject({ inFlight: 0 });
      await answered(site, 32_500, first);

      // Changes while it is stopped are not missed: a port is added, another one removed.
      site.bigip.faults.timings.declare = 20;
      await openPorts(site, 'third', [{ port: 32_600 }]);
      await site.api.remove('/apis/networking.istio.io/v1/namespaces/default/gateways/second');
      const next = await site.up();
      await converged(site, 'third', 32_600, next);
      await until(
        'port 32500 is gone',
        () => virtualServer(site, 32_500) === undefined,
        () => next.stdout(),
      );
      expect(await next.kill('SIGTERM')).toBe(0);
      expect(next.stderr()).toBe('');
    },
    LIMIT,
  );
});

describe('sluice up that cannot start', () => {
  test(
    'a second one for the same cluster and queue is refused; kill -9 of the first releases the lock',
    async () => {
      const first = await site.up();
      const second = site.launch();
      expect(await second.ended).toBe(1);
      expect(second.stderr()).toMatch(
        /^sluice: another "sluice up" serves cluster site with the queue .*queue\.sqlite; stop it first.*\n$/,
      );
      expect(first.alive()).toBe(true);
      await first.kill('SIGKILL');
      expect(await (await site.up()).kill('SIGTERM')).toBe(0);
    },
    LIMIT,
  );

  test.each([
    ['does not exist', undefined, /no such file/],
    ['is not YAML', 'token: SECRET-TOKEN\n{{', /--kubeconfig/],
    ['names no cluster', 'apiVersion: v1', /names no cluster/],
  ])(
    'a kubeconfig that %s ends it with one sentence that names the file',
    async (_what, text, said) => {
      const file = join(site.dir, 'other-kubeconfig');
      if (text !== undefined) await site.write('other-kubeconfig', text);
      const sluice = site.launch(['up', '--config', site.files.config, '--kubeconfig', file]);
      expect(await sluice.ended).toBe(1);
      expect(sluice.stderr()).toMatch(said);
      expect(sluice.stderr()).toContain(`--kubeconfig ${file}`);
      expect(sluice.stderr().trimEnd().split('\n')).toHaveLength(1);
      expect(sluice.stderr()).not.toContain('SECRET-TOKEN');
    },
    LIMIT,
  );

  test(
    'it waits for a cluster that does not answer, and SIGTERM ends that too',
    async () => {
      const kubeconfig = (await site.read('kubeconfig')).replace(
        /server: .*/,
        'server: https://127.0.0.1:9',
      );
      await site.write('unreachable', kubeconfig);
      const sluice = site.launch([
        'up',
        '--config',
        site.files.config,
        '--kubeconfig',
        join(site.dir, 'unreachable'),
      ]);
      await until(
        'it says that there is no answer',
        () => sluice.log().some((line) => /ECONNREFUSED/.test(String(line['error']))),
        sluice.stdout,
      );
      expect(await sluice.kill('SIGTERM')).toBe(0);
      expect(sluice.log().map((line) => line.msg)).not.toContain('up');
      expect(sluice.log().at(-1)?.msg).toBe('stopped');
      expect(sluice.stderr()).toBe('');
    },
    LIMIT,
  );
});

describe('kill -9, then the same command again', () => {
  async function afterwards(fences: ReturnType<typeof watchFences>): Promise<void> {
    const again = await site.up();
    await converged(site, 'echo', 32_400, again);
    // The epoch of the new process is on the device, so no older event is pending.
    await until(
      'the fence of the new process',
      () => new Set(fences().map((v) => v.epoch)).size >= 2,
      () => again.stdout(),
    );
    await until(
      'empty queues',
      async () => (await pending(site)) === 0,
      () => again.stdout(),
    );
    expect(isRising(fences())).toBe(true);
    expect(virtualServers(site)).toEqual([`${VIRTUAL_ADDRESS}:32400/tcp`]);
    expect(virtualServer(site, 32_400)?.members).toHaveLength(2);
    expect((await servicePorts(site)).filter((port) => port === 32_400)).toHaveLength(1);
    expect(
      (await eventsOf(site, 'echo')).filter((event) => event.reason === 'Programmed'),
    ).toHaveLength(1);
    for (const queue of ['snapshots-dead', 'slices-dead'] as const)
      expect(await site.queues.queue(queue).depth()).toEqual({ waiting: 0, inFlight: 0 });
    expect(await parked(site)).toEqual([]);
    expect(await again.kill('SIGTERM')).toBe(0);
  }

  test(
    'right after a snapshot was sent',
    async () => {
      const fences = watchFences(site.bigip);
      const first = await site.up();
      await until(
        'the first snapshot is settled',
        async () =>
          first.log().some((line) => line.msg === 'settled') && (await pending(site)) === 0,
        () => first.stdout(),
      );
      // A message in flight blocks its group: the snapshot stays on the queue, not received.
      const snapshots = site.queues.queue('snapshots');
      const unblock = blockGroup(site.queueFile, 'snapshots', OWNER);
      await openPorts(site, 'echo', [{ port: 32_400 }]);
      await until(
        'the snapshot is on the queue',
        async () => (await snapshots.depth()).waiting > 0,
        () => first.stdout(),
      );
      expect(await first.kill('SIGKILL')).toBe('SIGKILL');
      unblock();
      expect(virtualServers(site)).toEqual([]);
      await afterwards(fences);
    },
    LIMIT,
  );

  test(
    'between the 202 and the end of its task',
    async () => {
      const fences = watchFences(site.bigip);
      const first = await site.up();
      await openPorts(site, 'echo', [{ port: 32_400 }]);
      site.bigip.faults.timings.declare = 4_000;
      await until(
        'a declaration with the fence was accepted',
        () => fences().length > 0 && site.bigip.writes.filter((w) => w.status === 202).length === 2,
        () => first.stdout(),
      );
      expect(await first.kill('SIGKILL')).toBe('SIGKILL');
      expect(virtualServers(site)).toEqual([]);
      // The running task keeps its duration.
      site.bigip.faults.timings.declare = 20;
      await afterwards(fences);
    },
    LIMIT,
  );

  test(
    'between the end of the task and settled',
    async () => {
      const fences = watchFences(site.bigip);
      let verifying = false;
      // The live objects are read between the end of the task and its result.
      const look = (path: string): boolean =>
        path.startsWith('/mgmt/tm/ltm/virtual') && virtualServer(site, 32_400) !== undefined;
      const takeBack = site.bigip.faults.inject({
        match: ({ path }) => look(path) && (verifying = true),
        times: Infinity,
        response: { kind: 'hang' },
      });
      const first = await site.up();
      await openPorts(site, 'echo', [{ port: 32_400 }]);
      await until(
        'the device has it, and Sluice is looking',
        () => verifying,
        () => first.stdout(),
      );
      expect(await first.kill('SIGKILL')).toBe('SIGKILL');
      expect(await eventsOf(site, 'echo')).not.toContainEqual(
        expect.objectContaining({ reason: 'Programmed' }),
      );
      takeBack();
      await afterwards(fences);
    },
    LIMIT,
  );
});

describe('bad input', () => {
  const event = (data: Partial<Snapshot> | object, type = INGRESS_OBSERVED): string => {
    const { cluster = CLUSTER, ingress } = data as Partial<Snapshot>;
    const subject = ingress === undefined ? OWNER : ownerKey(cluster, ingress);
    return serialiseEvent(type, data, {
      id: `bad-${Math.random()}`,
      cluster,
      subject,
      time: new Date().toISOString(),
    });
  };
  const objects = {
    gateways: [],
    virtualServices: [],
    services: [],
    pods: [],
    nodes: [],
    endpointSlices: [],
    configMaps: [],
    apiGateways: [],
    listenerSets: [],
    apiRoutes: [],
    namespaces: [],
  };
  const snapshot = {
    cluster: CLUSTER,
    clusterUid: 'uid',
    ingress: { namespace: 'istio-system', service: 'istio-ingressgateway' },
    revision: { epoch: 1, counter: 1 },
    changes: [],
    removed: false,
    objects,
  };

  test(
    'on the queue becomes a dead letter with code and reason, and the process continues',
    async () => {
      const sluice = await site.up();
      const bad: readonly (readonly [string, string, RegExp])[] = [
        ['{"specversion": "1.0", ', 'Q610', /not JSON/],
        ['', 'Q610', /not JSON/],
        ['null', 'Q611', /not a Sluice CloudEvent/],
        [JSON.stringify({ specversion: '1.0', id: 'x' }), 'Q611', /source/],
        [event(snapshot, 'sluice.ingress.observed.v9'), 'Q612', /sluice\.ingress\.observed\.v1/],
        [event({ ...snapshot, revision: 'seven', removed: 'no' }), 'Q613', /revision/],
        [event({ ...snapshot, cluster: 'nowhere' }), 'GW103', /nowhere is not in clusters/],
        [
          event({ ...snapshot, ingress: { namespace: 'istio-system', service: 'other' } }),
          'GW104',
          /istio-system\/other/,
        ],
        [
          event({
            ...snapshot,
            ingress: { namespace: 'istio-system', service: 'far' },
            revision: { epoch: 40_000_000_000_000, counter: 1 },
          }),
          'Q613',
          /revision\.epoch.*2300/,
        ],
        [`"${'x'.repeat(2 * 1024 * 1024)}"`, 'Q611', /not a Sluice CloudEvent/],
        ['['.repeat(400_000), 'Q615', /more than 64 levels/],
      ];
      for (const [i, [body]] of bad.entries()) plant(site, 'snapshots', body, `bad-${i}`);
      const letters = await deadLetters(site, 'snapshots', bad.length, sluice);
      const byGroup = new Map(letters.map((letter) => [letter.details.event.group, letter]));
      for (const [i, [body, code, reason]] of bad.entries()) {
        expect(byGroup.get(`bad-${i}`)).toMatchObject({
          code,
          state: 'open',
          queue: 'snapshots',
          details: { reason: expect.stringMatching(reason) },
        });
        const original = byGroup.get(`bad-${i}`)?.details.event;
        // Messages are kept unchanged; of one that is too large, the beginning and its
        // hash.
        expect(body).toContain(original?.body);
        expect(original?.cut === undefined ? original?.body : original.cut.bytes).toEqual(
          original?.cut === undefined ? body : Buffer.byteLength(body),
        );
      }
      plant(site, 'slices', 'not json', 'bigip');
      plant(site, 'slices', 'not json', 'no-such-device');
      plant(site, `settled-${CLUSTER}`, 'not json');
      expect((await deadLetters(site, 'slices', 2, sluice)).map((letter) => letter.code)).toEqual([
        'Q610',
        'Q610',
      ]);

      await openPorts(site, 'echo', [{ port: 32_400 }]);
      await converged(site, 'echo', 32_400, sluice);
      expect(sluice.stderr()).toBe('');
      expect(await sluice.kill('SIGTERM')).toBe(0);
    },
    LIMIT,
  );

  test(
    'in a Gateway affects only the listener of its server, with the reason on the Gateway',
    async () => {
      const sluice = await site.up();
      await openPorts(site, 'mixed', [
        { port: 0, name: 'zero' },
        { port: 70_000, name: 'huge' },
        { port: 32_401, name: 'odd', protocol: 'SMTP' },
        { port: 32_400, name: 'good' },
      ]);
      await openPorts(site, 'empty', []);
      await openPorts(site, 'other', [{ port: 32_500 }]);
      await converged(site, 'mixed', 32_400, sluice);
      await converged(site, 'other', 32_500, sluice);
      await eventOf(site, 'mixed', /^MappingRejected: server 0 \(zero\), port 0: GW\d+: /, sluice);
      await eventOf(
        site,
        'mixed',
        /^MappingRejected: server 1 \(huge\), port 70000: GW\d+: /,
        sluice,
      );
      await eventOf(
        site,
        'mixed',
        /^MappingRejected: server 2 \(odd\), port 32401: GW\d+: .*SMTP/,
        sluice,
      );
      expect(virtualServers(site)).toEqual([
        `${VIRTUAL_ADDRESS}:32400/tcp`,
        `${VIRTUAL_ADDRESS}:32500/tcp`,
      ]);
      // A port that cannot be served is not added to the Service either.
      expect(
        (await servicePorts(site)).filter((port) => [0, 70_000, 32_401].includes(port)),
      ).toEqual([]);
      expect(await sluice.kill('SIGTERM')).toBe(0);
    },
    LIMIT,
  );
});

describe('a BIG-IP that cannot be used', () => {
  /**
   * The fault exists before the Gateway. The user sees its reason, an operator corrects it, and the
   * port opens by itself.
   */
  async function healed(code: string, mend: () => void | Promise<void>): Promise<void> {
    await openPorts(site, 'echo', [{ port: 32_400 }]);
    const sluice = await site.up();
    const told = await eventOf(
      site,
      'echo',
      new RegExp(`^ApplyDelayed: ${VIRTUAL_ADDRESS}:32400/tcp on bigip: ${code}: `),
      sluice,
    );
    expect(told).toMatchObject({
      type: 'Warning',
      message: expect.not.stringContaining(site.bigip.password),
    });
    expect(sluice.log()).toContainEqual(
      expect.objectContaining({ msg: 'retry', code, device: 'bigip' }),
    );
    await mend();
    await converged(site, 'echo', 32_400, sluice);
    expect(await site.queues.queue('slices-dead').depth()).toEqual({ waiting: 0, inFlight: 0 });
    expect(await parked(site)).toEqual([]);
    expect(sluice.stdout()).not.toContain(site.bigip.password);
    expect(await sluice.kill('SIGTERM')).toBe(0);
    expect(sluice.stderr()).toBe('');
  }

  test(
    'is not reachable: BIP501, and recovers',
    async () => {
      await site.cable.unplug();
      await healed('BIP501', () => site.cable.plug());
    },
    LIMIT,
  );

  test(
    'refuses the password: BIP401, and recovers when the secret is corrected',
    async () => {
      await site.write('bigip.password', 'an old one');
      await healed('BIP401', () => site.write('bigip.password', site.bigip.password));
    },
    LIMIT,
  );

  test(
    'shows an untrusted certificate: BIP402, and recovers when the right device answers again',
    async () => {
      const stranger = await startBigip({ dataPath: false });
      site.cable.lead(stranger.url);
      await healed('BIP402', () => site.cable.lead(site.bigip.url));
      expect(stranger.writes).toEqual([]);
      await stranger.close();
    },
    LIMIT,
  );

  test(
    'has a certificate of another CA: BIP402, and recovers when the CA is corrected',
    async () => {
      const stranger = await startBigip({ dataPath: false });
      await stranger.close();
      await site.write('bigip.ca.pem', stranger.ca);
      await healed('BIP402', () => site.write('bigip.ca.pem', site.bigip.ca));
    },
    LIMIT,
  );

  test(
    'has a secret that cannot be read: GW102, and recovers when it is there',
    async () => {
      await rm(join(site.dir, 'bigip.password'));
      await healed('GW102', () => site.write('bigip.password', site.bigip.password));
    },
    LIMIT,
  );

  test(
    'has no AS3: BIP404, and recovers when it is installed',
    async () => {
      site.bigip.faults.as3Absent();
      await healed('BIP404', () => site.bigip.faults.as3Absent(false));
    },
    LIMIT,
  );
});
