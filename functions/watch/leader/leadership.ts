/**
 * Leader election: one replica sends events of a cluster at a time. The holder of the Lease leads;
 * a replica that cannot prove this writes nothing.
 */
import { VERSION } from '../../../shared/runtime/version.ts';
import {
  Fenced,
  fullJitter,
  KubernetesError,
  type KubernetesClient,
  type RawObject,
} from '../../../shared/kubernetes/index.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { Handover } from './handover.ts';
import { isProvenDead } from './identity.ts';
import {
  epochTime,
  LEASES,
  leaseWith,
  nextEpoch,
  readLease,
  type LeaseRecord,
  type LeasePlace,
} from '../../../shared/kubernetes/lease.ts';
import { RETRY_BACKOFF_MS } from '../loop/retry.ts';
import { longestSince, momentOf, type Clock, type Moment } from '../../../shared/runtime/clock.ts';

/** In milliseconds. */
export interface LeaseTiming {
  /** Others take over this long after the last renewal. */
  readonly durationMs: number;
  /**
   * The holder stops this long after the last renewal; the difference covers clock errors and
   * pauses.
   */
  readonly validMs: number;
  /** Interval of renewals; each pause is between 75 % and 125 % of it. */
  readonly renewMs: number;
  /** Interval at which a waiting replica reads the Lease. */
  readonly lookMs: number;
}

/**
 * The leader stops writing 10 s after its last renewal, 5 s before another replica may take the
 * Lease.
 */
export const LEASE_TIMING_MS: LeaseTiming = {
  durationMs: 15_000,
  validMs: 10_000,
  renewMs: 2_000,
  lookMs: 400,
};

/** The Lease, and what to call when leadership is won or lost. */
export interface LeadershipOptions {
  readonly client: KubernetesClient;
  /** Namespace and name of the Lease, and this replica's identity as a holder. */
  readonly place: LeasePlace;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Overrides, for tests; default: {@link LEASE_TIMING_MS}. */
  readonly timing?: Partial<LeaseTiming> | undefined;
  /** What one leader leaves to the next one, as text in the Lease. */
  readonly handover?: Pick<Handover, 'take' | 'text'>;
  /** Asked before the Lease is taken, with its own say in the log; absent: yes. */
  readonly mayLead?: () => Promise<boolean>;
  /** Called with the epoch of the new term before it is used. */
  readonly won: (epoch: number) => void;
  /** Called when another replica has taken the Lease; not called by `stop`. */
  readonly lost: () => void;
}

interface Term {
  readonly epoch: number;
  /** As last written; its version guards the next write. */
  readonly lease: RawObject;
  /** Start of the write that proves it. */
  readonly proven: Moment;
}

interface ObservedRenewal {
  /** As the holder wrote it; only compared for equality, because its clock is not trusted. */
  readonly renewed: string;
  readonly epoch: number;
  /** By this process's monotonic clock. */
  readonly at: number;
}

/** Holds or waits for the Lease. Writes must be guarded with `assure`. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #timing: LeaseTiming;
  readonly #abort = new AbortController();
  #term: Term | undefined;
  #sighting: ObservedRenewal | undefined;
  #running: Promise<void> | undefined;
  /** Only one write to the Lease at a time. */
  #renewing: Promise<void> | undefined;
  #began = false;
  /** The claim of the process before this one, under the same name, as it was found. */
  #inherited: Pick<LeaseRecord, 'epoch' | 'renewed'> | undefined;
  /** The epoch of a claim whose answer may have been lost. */
  #tried = -1;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#timing = { ...LEASE_TIMING_MS, ...options.timing };
  }

  /** The epoch of the current term; undefined on a waiting replica. */
  get epoch(): number | undefined {
    return this.#term?.epoch;
  }

  /** Resolves after the first read of the Lease, whatever its result. */
  async start(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running ??= this.#run(resolve);
    await promise;
  }

  /**
   * Resolves if this replica certainly leads; rejects with {@link Fenced} if it does not, or cannot
   * know.
   */
  readonly assure = async (): Promise<void> => {
    if (this.isProven) return;
    // After a suspended process or a late renewal, the Lease itself decides.
    if (this.#term !== undefined && !this.#abort.signal.aborted)
      await this.#renewOnce().catch((cause: unknown) =>
        Promise.reject(
          new Fenced('the Lease cannot be renewed, so this replica writes nothing', { cause }),
        ),
      );
    if (!this.isProven)
      throw new Fenced('another replica leads, or none; this replica writes nothing');
  };

  /**
   * Raises the term above an epoch that is known elsewhere; undefined if this replica no longer
   * leads.
   */
  async raise(above: number): Promise<number | undefined> {
    await this.#renewing?.catch(() => undefined);
    if (this.#term === undefined) return undefined;
    if (this.#term.epoch <= above) await this.#renewOnce(above);
    return this.#term?.epoch;
  }

  /** Ends the term and releases the Lease. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#renewing?.catch(() => undefined);
    const term = this.#term;
    this.#term = undefined;
    if (term === undefined) return;
    const { client, place, clock, log } = this.#options;
    try {
      // Keeps the epoch, so that the next one is above it.
      await client.replace(
        LEASES,
        leaseWith(place, term.lease, {
          holder: '',
          epoch: term.epoch,
          durationMs: 1_000,
          now: epochTime(clock.now(), client.time()),
          known: this.#options.handover?.text(),
        }),
      );
      log.info({ epoch: term.epoch }, 'lease released');
    } catch (error) {
      log.warn(
        { error: String(error) },
        'the Lease could not be released; another replica takes over when it expires',
      );
    }
  }

  /** Whether the last write is recent enough that no other replica can have taken the Lease. */
  get isProven(): boolean {
    return (
      this.#term !== undefined &&
      longestSince(this.#options.clock, this.#term.proven) < this.#timing.validMs
    );
  }

  /**
   * Campaigns or renews until the end. `looked` is called after the first read that succeeded, or
   * at the end.
   */
  async #run(looked: () => void): Promise<void> {
    const { clock, log, random } = this.#options;
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      let pauseMs: number;
      try {
        await (this.#term === undefined ? this.#campaign() : this.#renewOnce());
        failures = 0;
        pauseMs =
          (this.#term === undefined ? this.#timing.lookMs : this.#timing.renewMs) *
          (0.75 + random() / 2);
      } catch (error) {
        failures += 1;
        // A leader must not sleep past the end of its term.
        pauseMs = Math.min(
          fullJitter(failures, RETRY_BACKOFF_MS, random),
          this.#term === undefined ? RETRY_BACKOFF_MS.max : this.#timing.renewMs,
        );
        log.warn(
          {
            error: String(error),
            attempt: failures,
            pause: pauseMs,
            leading: this.#term !== undefined,
          },
          'the Lease cannot be read or written; retrying',
        );
      }
      if (failures === 0) looked();
      await clock.sleep(pauseMs, this.#abort.signal);
    }
    looked();
  }

  /** One look at the Lease by a replica that does not lead. */
  async #campaign(): Promise<void> {
    const { client, place } = this.#options;
    const lease = await client.get(LEASES, place.name, place.namespace);
    const claim = lease === undefined ? undefined : readLease(lease, this.#timing.durationMs);
    if (claim !== undefined && !this.#isFree(claim)) return;
    if ((await this.#options.mayLead?.()) !== false) await this.#take(lease, claim);
  }

  /**
   * Claims the Lease with an epoch above all earlier ones. If another replica was faster, nothing
   * changes.
   */
  async #take(lease: RawObject | undefined, claim: LeaseRecord | undefined): Promise<void> {
    const { client, place, clock } = this.#options;
    const proven = momentOf(clock);
    const time = client.time();
    const now = epochTime(proven.now, time);
    // If the API server's time is unknown, the answer to the claim may contain it; until then the
    // epoch is only incremented.
    const epoch = nextEpoch(time === undefined ? 0 : now, claim?.epoch ?? 0);
    this.#tried = epoch;
    const wanted = leaseWith(place, lease, {
      holder: place.holder,
      epoch,
      durationMs: this.#timing.durationMs,
      now,
      version: VERSION,
    });
    const written = await (
      lease === undefined ? client.create(LEASES, wanted) : client.replace(LEASES, wanted)
    ).catch(undefinedIfLost);
    this.#began = true;
    if (written === undefined || this.#abort.signal.aborted) return;
    this.#term = { epoch, lease: written, proven };
    if (time === undefined) await this.#catchUp(epoch);
    if (this.#term !== undefined) this.#announce(this.#term, claim);
  }

  /** Raises the epoch of an unannounced term to the current time. */
  async #catchUp(epoch: number): Promise<void> {
    const { client, clock } = this.#options;
    if (epochTime(clock.now(), client.time()) <= epoch) return;
    await this.#renewOnce(epoch).catch((error: unknown) => {
      // It is this replica's own claim, so the next read continues it.
      this.#term = undefined;
      throw error;
    });
  }

  /** `before`: previous content of the Lease. */
  #announce({ epoch }: Term, before: LeaseRecord | undefined): void {
    const { place, log, won, handover } = this.#options;
    handover?.take(before?.known);
    log.info(
      { epoch, lease: `${place.namespace}/${place.name}`, before: before?.holder ?? '' },
      'leading',
    );
    won(epoch);
  }

  /**
   * Unheld, held by this replica before a restart, or not renewed for the duration by this
   * process's clock; other clocks are not trusted.
   */
  #isFree(claim: LeaseRecord): boolean {
    const { clock, place, log } = this.#options;
    const own = claim.holder === place.holder && this.#isOwn(claim);
    this.#began = true;
    if (claim.holder === '' || own) return true;
    if (isProvenDead(claim.holder)) {
      log.info({ leader: claim.holder, epoch: claim.epoch }, 'the holder of the Lease has ended');
      return true;
    }
    const now = clock.monotonic();
    const seen = this.#sighting;
    if (seen === undefined || seen.renewed !== claim.renewed || seen.epoch !== claim.epoch) {
      if (seen?.epoch !== claim.epoch)
        log.info({ leader: claim.holder, epoch: claim.epoch }, 'waiting for the Lease');
      this.#sighting = { renewed: claim.renewed, epoch: claim.epoch, at: now };
      return false;
    }
    return now - seen.at >= claim.durationMs;
  }

  /**
   * Under the own name: of the process before, as long as it does not renew it, or a claim of this
   * one whose answer got lost.
   */
  #isOwn({ epoch, renewed }: LeaseRecord): boolean {
    if (!this.#began) this.#inherited = { epoch, renewed };
    const before = this.#inherited;
    return epoch === this.#tried || (before?.epoch === epoch && before.renewed === renewed);
  }

  /** Callers that come while a renewal runs wait for the same one. */
  #renewOnce(above = 0): Promise<void> {
    this.#renewing ??= this.#renew(above).finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** A lost update is read back: only another holder or epoch ends the term. */
  async #renew(above: number): Promise<void> {
    const { client, place, clock } = this.#options;
    const term = this.#term;
    if (term === undefined) return;
    const proven = momentOf(clock);
    const now = epochTime(proven.now, client.time());
    const epoch = above < term.epoch ? term.epoch : nextEpoch(now, term.epoch, above);
    const wanted = (before: RawObject | undefined): RawObject =>
      leaseWith(place, before, {
        holder: place.holder,
        epoch,
        durationMs: this.#timing.durationMs,
        now,
        known: this.#options.handover?.text(),
      });
    let written = await client.replace(LEASES, wanted(term.lease)).catch(undefinedIfLost);
    if (written === undefined) {
      const lease = await client.get(LEASES, place.name, place.namespace);
      const claim = lease === undefined ? undefined : readLease(lease, this.#timing.durationMs);
      // Labels may change and the Lease may be deleted; a term ends only when another one starts.
      if (
        claim === undefined ||
        (claim.holder === place.holder && [term.epoch, epoch].includes(claim.epoch))
      ) {
        written = await (
          lease === undefined
            ? client.create(LEASES, wanted(undefined))
            : client.replace(LEASES, wanted(lease))
        ).catch(undefinedIfLost);
      }
    }
    if (written === undefined) return this.#lose(term);
    this.#term = { epoch, lease: written, proven };
  }

  /** Forgets what it knew, because the next leader may have changed it. */
  #lose(term: Term): void {
    this.#term = undefined;
    this.#options.handover?.take(undefined);
    this.#sighting = undefined;
    this.#options.log.warn({ epoch: term.epoch }, 'the Lease is lost; this replica stops writing');
    this.#options.lost();
  }
}

/** Another replica wrote first (409), or the Lease was deleted (404). */
function undefinedIfLost(error: unknown): undefined {
  if (error instanceof KubernetesError && (error.status === 409 || error.status === 404))
    return undefined;
  throw error;
}
