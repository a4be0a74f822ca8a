/**
 * People and autoscalers of one cluster: Gateways come, change and go, pods roll. What they want is
 * known here without Sluice.
 */
import { gatewayObjects, podAddress, portOf, type BenchCluster } from '../bench/speed/cluster.ts';
import type { ObjectStore } from '../../infra/lab/kubernetes/index.ts';
import type { Served } from './device.ts';
import type { Meter } from './meter.ts';

/** Pods that serve, at least and at most. */
const PODS = [2, 5] as const;
/** Open ports of one cluster: more are opened below, more are closed above. */
const TYPICAL_PORTS = 20;
const GRACE_MS = 5_000;
/** Gateways that only this cluster has; each of them can fail. */
const OWN = 28;
/** Gateways that all clusters may have. */
const SHARED = 12;
/** Failures of one Gateway are the same one, so more are never stored. Two clusters have such. */
export const CAN_FAIL = 2 * OWN;
export const BALANCES = ['round-robin', 'least-connections-member'] as const;

export interface Team {
  readonly id: string;
  /** Makes one change now. */
  change(): void;
  /** Ends what would fail for ever, as people do who see a failure. */
  repair(): void;
  /** Resolves when everything that was begun is done. */
  idle(): Promise<void>;
  /** By port: what the device must serve for this cluster. Settings are undefined where shared. */
  wants(): ReadonlyMap<number, Wanted>;
}

export interface Wanted {
  readonly members: ReadonlySet<string>;
  readonly balance: Served['balance'] | undefined;
}

interface OpenPort {
  readonly balance: (typeof BALANCES)[number] | undefined;
  /** Refers to an iRule that the device does not have, so it is refused. */
  readonly broken: boolean;
}

export interface TeamOptions {
  readonly id: string;
  readonly store: ObjectStore;
  readonly cluster: BenchCluster;
  readonly podNetwork: string;
  /** Its place among the clusters. */
  readonly index: number;
  readonly random: () => number;
  readonly meter: Meter;
  readonly sleep: (ms: number) => Promise<void>;
}

export function createTeam(options: TeamOptions): Team {
  const ports = createPorts(options);
  const pods = createPods(options, ports.open);
  const { random } = options;
  return {
    id: options.id,
    change: () => {
      const chance = random();
      if (chance < 0.3) pods.roll();
      else if (chance < 0.4) pods.flap();
      else if (chance < 0.5) ports.set();
      else if (chance < 0.55) ports.breakOne();
      else if (chance < 0.62) ports.fixOne();
      else ports.openOrClose();
    },
    repair: () => ports.repair(),
    idle: () => pods.idle(),
    wants: () => {
      const members = pods.serving();
      return new Map(
        [...ports.open]
          .filter(([, { broken }]) => !broken)
          .map(([n, { balance }]) => [portOf(n), { members, balance }]),
      );
    },
  };
}

const numbers = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => from + n);

interface Ports {
  readonly open: ReadonlyMap<number, OpenPort>;
  openOrClose(): void;
  set(): void;
  breakOne(): void;
  fixOne(): void;
  repair(): void;
}

function createPorts({ id, store, podNetwork, index, random, meter }: TeamOptions): Ports {
  const shared = numbers(0, SHARED);
  const own = numbers(100 * (index + 1), OWN);
  const open = new Map<number, OpenPort>();
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const isHere = (address: string): boolean => address.startsWith(`${podNetwork}.`);
  const write = (n: number, wanted: OpenPort): void => {
    open.set(n, wanted);
    const [gateway, route] = gatewayObjects(n);
    if (gateway === undefined || route === undefined) return;
    store.apply(route);
    const annotations = annotationsOf(n, wanted);
    store.apply({ ...gateway, metadata: { ...gateway.metadata, annotations } });
  };
  const openPort = (n: number): void => {
    const balance = own.includes(n) ? pick(BALANCES) : undefined;
    write(n, { balance, broken: false });
    expectPort(n, 'port opened', (members) => members.some(isHere));
  };
  const expectPort = (
    n: number,
    what: string,
    met: (members: readonly string[]) => boolean,
  ): void =>
    meter.expect(`${id} port ${portOf(n)}`, what, (served) =>
      met([...(served.get(portOf(n))?.members ?? [])]),
    );
  const close = (n: number): void => {
    open.delete(n);
    for (const { apiVersion, kind, metadata } of gatewayObjects(n))
      store.delete(apiVersion, kind, metadata.namespace, metadata.name);
    expectPort(n, 'port closed', (members) => !members.some(isHere));
  };
  const broken = (is: boolean): readonly number[] =>
    [...open].filter(([, port]) => port.broken === is).map(([n]) => n);
  const fix = (n: number): void => (random() < 0.5 ? openPort(n) : close(n));
  return {
    open,
    openOrClose: () => {
      const closed = [...shared, ...own].filter((n) => !open.has(n));
      const n = pick(random() * 2 * TYPICAL_PORTS < open.size ? broken(false) : closed);
      if (n === undefined) return;
      if (open.has(n)) close(n);
      else openPort(n);
    },
    set: () => {
      const n = pick(broken(false).filter((one) => own.includes(one)));
      if (n === undefined) return;
      const balance = BALANCES.find((one) => one !== open.get(n)?.balance) ?? BALANCES[0];
      write(n, { balance, broken: false });
      meter.expect(
        `${id} setting ${portOf(n)}`,
        'setting changed',
        (served) => !open.has(n) || served.get(portOf(n))?.balance === balance,
      );
    },
    breakOne: () => {
      const n = pick(own.filter((one) => !open.has(one)));
      if (n !== undefined) write(n, { balance: undefined, broken: true });
    },
    fixOne: () => {
      const n = pick(broken(true));
      if (n !== undefined) fix(n);
    },
    repair: () => broken(true).forEach(fix),
  };
}

function annotationsOf(n: number, { balance, broken }: OpenPort): Readonly<Record<string, string>> {
  return {
    ...(balance !== undefined && { 'sluice.io/balance': balance }),
    ...(broken && { 'sluice.io/irules': `/Common/lab-missing-${n}` }),
  };
}

interface Pods {
  roll(): void;
  flap(): void;
  idle(): Promise<void>;
  serving(): ReadonlySet<string>;
}

function createPods(options: TeamOptions, open: Ports['open']): Pods {
  const { id, cluster, podNetwork, random, meter, sleep } = options;
  // Those that `fillCluster` made.
  const ready = new Set([0, 1, 2]);
  const busy = new Set<Promise<void>>();
  const addressOf = (pod: number): string => podAddress(pod, podNetwork);
  const pick = (): number | undefined => [...ready][Math.floor(random() * ready.size)];
  const run = (work: Promise<void>): void => {
    busy.add(work);
    // What failed stays, so that `idle` rejects.
    void work.then(
      () => busy.delete(work),
      () => undefined,
    );
  };
  const expectServing = (pod: number, is: boolean): void => {
    const address = addressOf(pod);
    const [then, subject] = [[...open.keys()], `${id} pod ${pod}`];
    if (!is)
      return meter.expect(subject, 'pod left', (served) =>
        [...served.values()].every(({ members }) => !members.has(address)),
      );
    meter.expect(subject, 'pod ready', (served) =>
      then
        .filter((n) => open.get(n)?.broken === false)
        .every((n) => served.get(portOf(n))?.members.has(address) === true),
    );
  };
  const setReady = (pod: number, is: boolean): void => {
    cluster.setReady(pod, is);
    if (is) ready.add(pod);
    else ready.delete(pod);
    expectServing(pod, is);
  };
  const add = async (): Promise<void> => {
    const pod = cluster.addPod();
    await sleep(1_000 + 2_000 * random());
    setReady(pod, true);
  };
  const end = async (pod: number): Promise<void> => {
    ready.delete(pod);
    cluster.terminate(pod, GRACE_MS);
    expectServing(pod, false);
    await sleep(GRACE_MS);
    cluster.remove(pod);
  };
  return {
    roll: () => {
      const [least, most] = PODS;
      const pod = pick();
      if (ready.size <= least) run(add());
      else if (ready.size >= most && pod !== undefined) run(end(pod));
      else if (random() < 0.5 || pod === undefined) run(add());
      else run(end(pod));
    },
    flap: () => {
      const pod = pick();
      if (pod === undefined || ready.size <= PODS[0]) return;
      setReady(pod, false);
      run(
        sleep(1_000 + 5_000 * random()).then(() => {
          setReady(pod, true);
        }),
      );
    },
    idle: async () => {
      while (busy.size > 0) await Promise.all(busy);
    },
    serving: () => new Set([...ready].map(addressOf)),
  };
}
