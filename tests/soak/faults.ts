/** Carries out the faults of the schedule, and takes them back. */
import { DatabaseSync } from 'node:sqlite';
import type { LabBigip } from '../../infra/lab/bigip/index.ts';
import { INNER_NAMES } from '../../infra/lab/bigip/index.ts';
import { queueBackend } from '../../shared/queue/open.ts';
import type { FaultKind, PlannedFault } from './schedule.ts';
import type { SoakProcess } from './process.ts';
import { DECLARE_MS, type SoakCluster, type SoakSite } from './site.ts';

/** What is disturbed now, for those who look at the site meanwhile. */
export interface Disturbed {
  /** The queue cannot be asked. */
  queueAway: number;
}

type End = () => void | Promise<void>;
/** Begins a fault; resolves with what ends it, and with words about what was hit. */
type Begin = (given: Given) => Promise<Begun> | Begun;

interface Given {
  readonly site: SoakSite;
  readonly fault: PlannedFault;
  readonly disturbed: Disturbed;
}

export interface Begun {
  readonly hit?: string;
  readonly end?: End;
}

const DAY_MS = 86_400_000;
const INNER_STATUSES = [400, 422, 500] as const;

const pick = <T>(from: readonly T[], choice: number): T => {
  const found = from[Math.floor(choice * from.length)];
  if (found === undefined) throw new Error('there is nothing to choose from');
  return found;
};
/** Another number in the same range, for a second choice. */
const second = (choice: number): number => (choice * 997) % 1;

const device =
  (begin: (bigip: LabBigip, fault: PlannedFault) => Begun | void): Begin =>
  ({ site, fault }) =>
    begin(site.bigip, fault) ?? {};

const cluster =
  (begin: (cluster: SoakCluster, fault: PlannedFault) => End | void | Promise<End>): Begin =>
  async ({ site, fault }) => {
    const hit = pick(site.clusters, fault.choice);
    const end = await begin(hit, fault);
    return { hit: hit.id, ...(end !== undefined && { end }) };
  };

const program =
  (begin: (hit: SoakProcess, fault: PlannedFault, site: SoakSite) => End | Promise<End>): Begin =>
  async ({ site, fault }) => {
    const hit = pick(site.processes, fault.choice);
    return { hit: hit.name, end: await begin(hit, fault, site) };
  };

const times = ({ choice }: PlannedFault, most: number): number =>
  1 + Math.floor(second(choice) * most);

const FAULTS: Readonly<Record<FaultKind, Begin>> = {
  'device busy': device((bigip, { lasts }) => bigip.faults.lockHeldFor(lasts * 1_000)),
  'device loses answers': device((bigip, fault) => ({
    end: bigip.faults.loseAnswers(times(fault, 3)),
  })),
  'device away': async ({ site: { cable } }) => {
    await cable.unplug();
    return { end: () => cable.plug() };
  },
  'device fails inside': device((bigip, fault) => {
    const call = pick(INNER_NAMES, fault.choice);
    const status = pick(INNER_STATUSES, second(fault.choice));
    const hold = bigip.faults.inner({ call, status, times: times(fault, 3) });
    return { hit: `${call} ${status}`, end: () => hold.takeBack() };
  }),
  'device restarts': device((bigip, { lasts }) => bigip.faults.restart({ downFor: lasts * 1_000 })),
  'device answers 503': device((bigip, fault) => ({
    end: bigip.faults.next(10 * times(fault, 3), { kind: 'status', status: 503 }),
  })),
  'device slow': device((bigip, { choice }) => {
    const { timings } = bigip.faults;
    timings.declare = 3_000 + 5_000 * choice;
    return { end: () => void (timings.declare = DECLARE_MS) };
  }),
  'device forgets logins': device((bigip) => bigip.faults.dropTokens()),
  'device cuts answers': device((bigip, fault) => ({
    end: bigip.faults.next(times(fault, 3), { kind: 'cut' }),
  })),
  'kubernetes disconnects': cluster(({ kubernetes }) => void kubernetes.faults.cutWatches()),
  'kubernetes answers 410': cluster(({ kubernetes }, { choice }) => {
    kubernetes.faults.expireAs(second(choice) < 0.5 ? 'event' : 'status');
    kubernetes.faults.compact();
    kubernetes.faults.cutWatches();
  }),
  'kubernetes silent': cluster(({ kubernetes }) => void kubernetes.faults.silenceWatches()),
  'kubernetes away': cluster(async ({ kubernetes }) => {
    await kubernetes.power(false);
    return () => kubernetes.power(true);
  }),
  'kubernetes slow': cluster(({ kubernetes }) =>
    kubernetes.faults.add({}, { kind: 'delay', ms: 1_500 }),
  ),
  'kubernetes answers 500': cluster(({ kubernetes }) =>
    kubernetes.faults.add(
      {},
      {
        kind: 'fail',
        code: 500,
        reason: 'InternalError',
        message: 'etcdserver: request timed out',
      },
    ),
  ),
  'queue away': async ({ site, disturbed }) => {
    disturbed.queueAway += 1;
    const end = await holdQueue(site);
    return {
      end: async () => {
        await end();
        disturbed.queueAway -= 1;
      },
    };
  },
  'process stalls': program((hit) => {
    hit.signal('SIGSTOP');
    return () => hit.signal('SIGCONT');
  }),
  'process killed': program(async (hit) => {
    await hit.kill('SIGKILL');
    return () => hit.start();
  }),
  'clock wrong': program((hit, { choice }, { clock }) => {
    clock.err(hit.clockFile, (second(choice) - 0.5) * 60_000);
    return () => clock.err(hit.clockFile, 0);
  }),
  'a day passes': ({ site: { clock } }) => {
    clock.advance(DAY_MS + 3_600_000);
    return {};
  },
};

/** Nobody can use the queue until the returned function has run. */
async function holdQueue({ postgres, config }: SoakSite): Promise<End> {
  if (postgres !== undefined) {
    await postgres.kill();
    return () => postgres.start();
  }
  const { file } = queueBackend(config.queue);
  if (file === undefined) throw new Error('the queue is in no file');
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 2000; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return () => {
    database.exec('ROLLBACK');
    database.close();
  };
}

export async function beginFault(given: Given): Promise<Begun> {
  return FAULTS[given.fault.kind](given);
}
