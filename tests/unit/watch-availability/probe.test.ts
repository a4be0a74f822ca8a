import { describe, expect, test } from '@jest/globals';
import { ListenerProbes, type Connect } from '../../../functions/watch/probe/listener-probes.ts';
import type { Pod } from '../../../shared/domain/snapshot/objects.ts';
import type { PortMapping, ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { gatewayPod, meta } from '../../fixtures/kubernetes.ts';

const server = (port: number, more: Partial<ServerReport> = {}): ServerReport => ({
  gateway: 'default/echo',
  api: 'istio',
  server: 0,
  port,
  protocol: 'TCP',
  verdict: 'listening',
  code: 'OK',
  reason: `Envoy listens on port ${port}`,
  envoyPorts: [port],
  servicePorts: [],
  missingInService: false,
  ...more,
});
const pods = (...ips: readonly string[]): readonly Pod[] =>
  ips.map((ip) => gatewayPod({ meta: meta(`istio-system/p-${ip}`), ips: [ip] }));
const mapping = (of: readonly Pod[], ...servers: readonly ServerReport[]): PortMapping => ({
  namespace: 'istio-system',
  services: [],
  pods: of.map(({ meta: { name } }) => name),
  listeners: [],
  servers,
  missing: [],
});

interface Bench {
  readonly probes: ListenerProbes;
  readonly asked: string[];
  readonly slept: number[];
  readonly most: () => number;
}

function bench(
  answers: (target: string, round: number) => boolean,
  signal = new AbortController().signal,
): Bench {
  const [asked, slept]: [string[], number[]] = [[], []];
  let [now, busy, most] = [0, 0, 0];
  const connect: Connect = async (address, port) => {
    const target = `${address}:${port}`;
    asked.push(target);
    busy += 1;
    most = Math.max(most, busy);
    await Promise.resolve();
    busy -= 1;
    if (!answers(target, slept.length)) throw new Error('connect ECONNREFUSED');
  };
  const sleep = (ms: number): Promise<void> => {
    now += ms;
    slept.push(ms);
    return Promise.resolve();
  };
  const clock = { now: (): number => now, monotonic: (): number => now, sleep };
  return {
    probes: new ListenerProbes({ connect, clock, random: () => 0.5, signal }),
    asked,
    slept,
    most: () => most,
  };
}

describe('the listener check', () => {
  test('reports Listening when every pod accepts, and stops probing', async () => {
    const there = pods('10.0.0.1', '10.0.0.2');
    const at = bench(() => true);
    const said = await at.probes.compare(mapping(there, server(32400)), there, 's');
    expect(said.map(({ occurrence }) => occurrence)).toEqual([
      expect.objectContaining({
        type: 'Normal',
        reason: 'Listening',
        message: expect.stringContaining('10.0.0.1:32400, 10.0.0.2:32400'),
      }),
    ]);
    expect(await at.probes.compare(mapping(there, server(32400)), there, 's')).toEqual([]);
    expect(at.asked).toEqual(['10.0.0.1:32400', '10.0.0.2:32400']);
  });

  test('gives a listener 30 s to open, with pauses that vary', async () => {
    const there = pods('10.0.0.1');
    const at = bench((_, round) => round >= 3);
    const said = await at.probes.compare(mapping(there, server(32400)), there, 's');
    expect([said[0]?.occurrence.reason, at.slept]).toEqual(['Listening', [2_000, 2_000, 2_000]]);
  });

  test('then reports NotListening, where, why, and what the mapping expects', async () => {
    const there = pods('10.0.0.1', '10.0.0.2');
    const at = bench((target) => target.startsWith('10.0.0.1'));
    const [said] = await at.probes.compare(mapping(there, server(32400)), there, 's');
    expect(at.slept.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
    expect(said?.occurrence).toMatchObject({
      type: 'Warning',
      reason: 'NotListening',
      message: expect.stringMatching(
        /10\.0\.0\.2:32400 \(1 of 2 targets, probed for 30 s; connect ECONNREFUSED\).*Envoy listens on port 32400.*Published ports are kept/,
      ),
    });
  });

  test('opens at most 16 connections at once', async () => {
    const there = pods(...Array.from({ length: 100 }, (_, n) => `10.0.1.${n}`));
    const at = bench(() => true);
    await at.probes.compare(mapping(there, server(1)), there, 's');
    expect([at.asked.length, at.most()]).toEqual([100, 16]);
  });

  test('skips servers that do not listen and pods that are not ready, until there is one', async () => {
    const [ready, ending, unready] = [
      ...pods('10.0.0.1'),
      ...pods('10.0.0.2').map((pod) => ({ ...pod, terminating: true })),
      ...pods('10.0.0.3').map((pod) => ({ ...pod, ready: false })),
    ] as [Pod, Pod, Pod];
    const at = bench(() => true);
    const map = mapping(
      [ready, ending, unready],
      server(1),
      server(2, { server: 1, verdict: 'no-route', envoyPorts: [] }),
    );
    expect(await at.probes.compare(map, [ending, unready], 's')).toEqual([]);
    expect(await at.probes.compare(map, [ready, ending, unready], 's')).toHaveLength(1);
    expect(at.asked).toEqual(['10.0.0.1:1']);
  });

  test('probes a port again that was removed and added', async () => {
    const there = pods('10.0.0.1');
    const at = bench(() => true);
    for (const servers of [[server(1)], [server(2)], [server(1)]])
      await at.probes.compare(mapping(there, ...servers), there, 's');
    expect(at.asked).toEqual(['10.0.0.1:1', '10.0.0.1:2', '10.0.0.1:1']);
  });

  test('reports nothing once the watcher ends', async () => {
    const ended = new AbortController();
    ended.abort();
    const there = pods('10.0.0.1');
    expect(
      await bench(() => false, ended.signal).probes.compare(mapping(there, server(1)), there, 's'),
    ).toEqual([]);
  });
});
