/**
 * Keeps processes with different Leases from leading for the same cluster: each leader notes itself
 * on the ingress Services, and a later process reads that before it takes its own Lease.
 */
import {
  KubernetesError,
  type KubernetesClient,
  SERVICES,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { isProvenDead } from './identity.ts';
import { epochTime, LEASES, readLease, type LeasePlace } from '../../../shared/kubernetes/lease.ts';
import {
  LAPSED_MS,
  LEADER_MANAGER,
  leaderAnnotation,
  namesAnother,
  readLeaderRecord,
  RENEW_MS,
  type LeaderRecord,
} from '../../../shared/kubernetes/leader-record.ts';

/**
 * What the records need: the cluster, the Lease of this process, and the ingress Services that
 * carry the records.
 */
export interface LeaderRecordsOptions {
  readonly client: KubernetesClient;
  /** `clusters[].id`, which records name. */
  readonly cluster: string;
  /** The own Lease. */
  readonly place: LeasePlace;
  /** Where the record is kept: the ingress Services. */
  readonly services: readonly IngressRef[];
  /** A person says that the process named in a record does not count. */
  readonly takeOver: boolean;
  /** A record becomes stale by it. */
  readonly clock: Clock;
  readonly log: Logger;
}

/** A leader with another Lease. */
export interface Rival {
  readonly service: IngressRef;
  readonly record: LeaderRecord;
}

/** Milliseconds for which an answer counts; a waiting process looks at its Lease more often. */
const ANSWER_MS = 10_000;
/** Milliseconds after the begin of a term until its second look, at those that began with it. */
const SECOND_LOOK_MS = 60_000;
/** A look comes a little early at times, and must not put the next renewal off by an hour. */
const FRESH_MS = RENEW_MS - 5 * 60_000;

/**
 * Notes the leader on the ingress Services, so that a process with another Lease finds out that the
 * cluster has a leader already.
 */
export class LeaderRecords {
  readonly #options: LeaderRecordsOptions;
  readonly #lease: string;
  #rival: Rival | undefined;
  #asked = Number.NEGATIVE_INFINITY;
  /** Whether this term has looked once. */
  #looked = false;

  constructor(options: LeaderRecordsOptions) {
    this.#options = options;
    this.#lease = `${options.place.namespace}/${options.place.name}`;
  }

  /** What keeps this process from leading, in words with code and remedy. */
  get refusal(): string | undefined {
    return this.#rival === undefined ? undefined : refusalOf(this.#rival);
  }

  /**
   * Whether this process may take its Lease. Rejects if the API server does not answer; where it
   * may not read Services or Leases, what is not known does not count.
   */
  readonly mayLead = async (): Promise<boolean> => {
    const { clock, log, takeOver } = this.#options;
    const now = clock.monotonic();
    if (now - this.#asked < ANSWER_MS) return this.#rival === undefined;
    const before = this.#rival;
    const rival = await this.#findRival();
    this.#asked = now;
    this.#looked = false;
    this.#rival = takeOver ? undefined : rival;
    if (rival !== undefined && takeOver)
      log.warn({ ...fieldsOf(rival) }, 'taking over from another leader, as --take-over says');
    else if (rival !== undefined && before?.record.holder !== rival.record.holder)
      log.error({ code: 'OWN306', ...fieldsOf(rival) }, refusalOf(rival));
    else if (rival === undefined && before !== undefined)
      log.info({}, 'the other leader is gone; this process may lead');
    return this.#rival === undefined;
  };

  /**
   * Notes this leader on every ingress Service, at most once an hour. A record of another living
   * leader stays, unless `takeOver`. `client`: with the fence of the term. Returns the others, and
   * the milliseconds until the next call.
   */
  async keep(client: KubernetesClient): Promise<{
    readonly rivals: readonly Rival[];
    readonly pauseMs: number;
  }> {
    const isFirst = !this.#looked;
    const found = await Promise.all(
      this.#options.services.map((ref) => this.#keepOn(client, ref, isFirst)),
    );
    this.#looked = true;
    return {
      rivals: found.flatMap((one) => (one.kind === 'rival' ? [one.rival] : [])),
      pauseMs: isFirst || found.some(({ kind }) => kind === 'missing') ? SECOND_LOOK_MS : RENEW_MS,
    };
  }

  /** Takes the own records away, so that nothing keeps another process from leading. */
  async release(): Promise<void> {
    const { client, services } = this.#options;
    await Promise.all(
      services.map(async (ref) => {
        const service = await this.#read(ref);
        if (service !== undefined && this.#isOwn(this.#recordOf(service)))
          await client.apply(SERVICES, noted(service), { manager: LEADER_MANAGER });
      }),
    );
  }

  async #keepOn(
    client: KubernetesClient,
    ref: IngressRef,
    isFirst: boolean,
  ): Promise<{ kind: 'rival'; rival: Rival } | { kind: 'missing' | 'noted' }> {
    const { place, cluster, takeOver, log } = this.#options;
    const service = await this.#read(ref);
    if (service === undefined) return { kind: 'missing' };
    const record = this.#recordOf(service);
    const now = this.#now();
    if (record !== undefined && !(takeOver && isFirst) && (await this.#isAlive(record)))
      return { kind: 'rival', rival: { service: ref, record } };
    const age = now - Date.parse(record?.time ?? '');
    const isFresh = this.#isOwn(record) && Math.abs(age) < FRESH_MS;
    if (isFresh) return { kind: 'noted' };
    const time = new Date(now).toISOString();
    const text = JSON.stringify({ lease: this.#lease, holder: place.holder, time });
    try {
      await client.apply(SERVICES, noted(service, { [leaderAnnotation(cluster)]: text }), {
        manager: LEADER_MANAGER,
        force: true,
      });
    } catch (error) {
      if (!isDenied(error)) throw error;
      log.info(
        { service: `${ref.namespace}/${ref.service}`, error: error.message },
        'the leader cannot be noted on the Service; processes with another Lease do not see it',
      );
    }
    return { kind: 'noted' };
  }

  /**
   * The first ingress Service with the note of a living process under another Lease; undefined if
   * there is none.
   */
  async #findRival(): Promise<Rival | undefined> {
    for (const ref of this.#options.services) {
      const service = await this.#read(ref);
      const record = service === undefined ? undefined : this.#recordOf(service);
      if (record !== undefined && (await this.#isAlive(record))) return { service: ref, record };
    }
    return undefined;
  }

  /** Whether a record names a leader with another Lease that may be running. */
  async #isAlive(record: LeaderRecord): Promise<boolean> {
    const { client } = this.#options;
    const now = this.#now();
    if (!namesAnother(record, { lease: this.#lease, now }) || isProvenDead(record.holder))
      return false;
    const [namespace, name = ''] = record.lease.split('/');
    const lease = await unlessDenied(client.get(LEASES, name, namespace));
    if (lease === 'denied') return true;
    if (lease === undefined) return false;
    const { holder, renewed } = readLease(lease, 0);
    return holder !== '' && now - Date.parse(renewed) < LAPSED_MS;
  }

  /** Undefined if the Service does not exist, or may not be read. */
  async #read({ namespace, service }: IngressRef): Promise<RawObject | undefined> {
    const found = await unlessDenied(this.#options.client.get(SERVICES, service, namespace));
    return found === 'denied' ? undefined : found;
  }

  #recordOf(service: RawObject): LeaderRecord | undefined {
    return readLeaderRecord(
      service.metadata.annotations?.[leaderAnnotation(this.#options.cluster)],
    );
  }

  #isOwn(record: LeaderRecord | undefined): boolean {
    return record?.lease === this.#lease && record.holder === this.#options.place.holder;
  }

  #now(): number {
    const { client, clock } = this.#options;
    return epochTime(clock.now(), client.time());
  }
}

/**
 * With the version that was read, so that a newer record of another process is not overwritten.
 * Without annotations, not even an empty map stays.
 */
function noted(service: RawObject, annotations?: Readonly<Record<string, string>>): RawObject {
  const { namespace, name, uid, resourceVersion } = service.metadata;
  return {
    metadata: { namespace, name, uid, resourceVersion, ...(annotations && { annotations }) },
  } as RawObject;
}

/** Fields of log lines about a rival. */
function fieldsOf({ service, record }: Rival): object {
  return {
    service: `${service.namespace}/${service.service}`,
    leader: record.holder,
    lease: record.lease,
    noted: record.time,
  };
}

/** The same for every look, so that it is told once. */
function refusalOf({ service, record }: Rival): string {
  return (
    `OWN306: ${record.holder} leads for Service ${service.namespace}/${service.service} with ` +
    `Lease ${record.lease}, so this process does not. ` +
    'Stop that one, or give both the same Lease (--lease-namespace). ' +
    'If it does not run any more, start this one with --take-over'
  );
}

/** The message of an Event on the Service. */
export function rivalMessage(rival: Rival): string {
  return (
    `OWN306: ${rival.record.holder} also leads for this Service, ` +
    `with Lease ${rival.record.lease}. Both add ports and send events. Stop one of the two; ` +
    'the other one continues to lead'
  );
}

function isDenied(error: unknown): error is KubernetesError {
  return error instanceof KubernetesError && error.status === 403;
}

async function unlessDenied<T>(answer: Promise<T>): Promise<T | 'denied'> {
  return answer.catch((error: unknown) => {
    if (isDenied(error)) return 'denied';
    throw error;
  });
}
