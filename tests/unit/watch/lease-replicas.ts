/**
 * A Lease in memory whose writes can be lost, refused or delayed, and replicas that compete for it.
 */
import { setImmediate } from 'node:timers/promises';
import { leasePlace } from '../../../shared/kubernetes/lease.ts';
import { Leadership, type LeaseTiming } from '../../../functions/watch/leader/leadership.ts';
import {
  KubernetesError,
  type KubernetesClient,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { ManualClock } from '../../contract/queue/manual-clock.ts';

export const T0 = Date.UTC(2026, 10, 22);
/** Messages that were logged at a level, in order. */
interface Said {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: object;
}

function logInto(said: Said[]): Logger {
  const none = (): void => undefined;
  const log: Logger = {
    debug: none,
    info: (fields, message) => void said.push({ level: 'info', message, fields }),
    warn: (fields, message) => void said.push({ level: 'warn', message, fields }),
    error: none,
    child: () => log,
  };
  return log;
}

export interface Api {
  lease: RawObject | undefined;
  /**
   * What happens to each call from now on: done, not done, done without a response, forbidden, or
   * blocked until it is set to well.
   */
  mood: 'well' | 'away' | 'answers are lost' | 'writes are refused' | 'writes hang';
  readonly calls: string[];
  /** By the Date header of its answers; undefined: they have none. */
  time: number | undefined;
  /** Called after a write, before its answer. */
  wrote: () => void;
  readonly client: KubernetesClient;
}

/** One Lease with optimistic locking, as in the API server. */
export function api(): Api {
  let version = 0;
  const fault = (status: number): KubernetesError =>
    new KubernetesError({ status, reason: String(status), message: `answer ${status}` });
  const write = (object: RawObject): Promise<RawObject> => {
    if (at.mood === 'away') return Promise.reject(fault(0));
    if (at.mood === 'writes are refused') return Promise.reject(fault(403));
    const written = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String((version += 1)) },
    };
    at.lease = written;
    at.wrote();
    return at.mood === 'well' ? Promise.resolve(written) : Promise.reject(fault(0));
  };
  const answered = async (): Promise<void> => {
    if (at.mood !== 'writes hang') return;
    await setImmediate();
    return answered();
  };
  const call = async (
    name: string,
    work: () => Promise<RawObject | undefined>,
  ): Promise<RawObject | undefined> => {
    at.calls.push(name);
    if (name !== 'get') await answered();
    return work();
  };
  const client = {
    time: () => at.time,
    get: () =>
      call('get', () =>
        at.mood === 'away' ? Promise.reject(fault(0)) : Promise.resolve(at.lease),
      ),
    create: (_resource: unknown, object: RawObject) =>
      call('create', () => (at.lease === undefined ? write(object) : Promise.reject(fault(409)))),
    replace: (_resource: unknown, object: RawObject) =>
      call('replace', () => {
        if (at.lease === undefined) return Promise.reject(fault(404));
        return object.metadata.resourceVersion === at.lease.metadata.resourceVersion
          ? write(object)
          : Promise.reject(fault(409));
      }),
  };
  const at: Api = {
    lease: undefined,
    mood: 'well',
    calls: [],
    time: undefined,
    wrote: () => undefined,
    client: client as unknown as KubernetesClient,
  };
  return at;
}

export interface Replica {
  readonly leadership: Leadership;
  /** `won 5`, `lost` */
  readonly told: string[];
  readonly said: Said[];
  /** Whether it may write at this moment. */
  mayWrite(): Promise<boolean>;
}

export function replica(
  on: Api,
  clock: ManualClock,
  holder: string,
  timing?: Partial<LeaseTiming>,
  mayLead: () => boolean = () => true,
): Replica {
  const told: string[] = [];
  const said: Said[] = [];
  const leadership = new Leadership({
    client: on.client,
    place: leasePlace('default', 'east', holder),
    clock,
    random: () => 0.5,
    log: logInto(said),
    timing,
    mayLead: () => Promise.resolve(mayLead()),
    won: (epoch) => void told.push(`won ${epoch - T0}`),
    lost: () => void told.push('lost'),
  });
  return {
    leadership,
    told,
    said,
    mayWrite: () =>
      leadership.assure().then(
        () => true,
        () => false,
      ),
  };
}

export const started = async (one: Replica, clock: ManualClock): Promise<Replica> => {
  const first = one.leadership.start();
  await clock.pass(1);
  await first;
  return one;
};
