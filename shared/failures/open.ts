/** Opens the failure store of the configuration: a directory, a bucket or a database. */
import type { FailuresConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import { postgresLocation } from '../postgres/options.ts';
import type { Clock } from '../runtime/clock.ts';
import { lazily } from '../runtime/lazy.ts';
import { createActs } from './acts.ts';
import type { Acts } from './acts.ts';
import { createAsks } from './asks.ts';
import type { Asks } from './asks.ts';
import { createAudit } from './audit.ts';
import type { AuditLog } from './audit.ts';
import type { Blobs } from './blobs.ts';
import { createFileBlobs } from './fs/blobs.ts';
import { refuseMovedFolder, useFolder } from './fs/moved.ts';
import { createHeardStore } from './heard.ts';
import type { HeardStore } from './heard.ts';
import { createHistoryStore } from './history.ts';
import type { HistoryStore } from './history.ts';
import { createMarkKeeping } from './marks.ts';
import { createLineage } from './lineage.ts';
import type { Lineage } from './lineage.ts';
import type { MarkKeeping } from './marks.ts';
import type { FailureStore } from './port.ts';
import { createQueueSights } from './queue-sights.ts';
import type { QueueSights } from './queue-sights.ts';
import { createRepairMemory } from './repairs.ts';
import type { RepairMemory } from './repairs.ts';
import { createJobs } from './replay/jobs.ts';
import type { Jobs } from './replay/jobs.ts';
import { createPolicyTurns } from './replay/turns.ts';
import type { PolicyTurns } from './replay/turns.ts';
import { createReleaseStore } from './releases.ts';
import type { ReleaseStore } from './releases.ts';
import { createScheduleTurns } from './schedule-turns.ts';
import type { ScheduleTurns } from './schedule-turns.ts';
import { s3Location, type S3BlobsOptions } from './s3/options.ts';
import { createTryStore } from './shared-tries.ts';
import type { TryStore } from './shared-tries.ts';
import { createSigns } from './signs.ts';
import type { ReadSigns } from './signs.ts';
import { createFailureStore } from './store.ts';
import { createVerdictStore } from './verdicts.ts';
import type { VerdictStore } from './verdicts.ts';
import { createViewStore } from './views.ts';
import type { ViewStore } from './views.ts';
import { createWaitingPlace } from './waiting/place.ts';
import type { WaitingPlace } from './waiting/place.ts';

/** All parts of the failure store, over one storage. */
export interface Failures {
  /** Failures with their evidence. */
  readonly store: FailureStore;
  /** Who changed what, when and why. */
  readonly audit: AuditLog;
  /** Replay jobs with their items. */
  readonly jobs: Jobs;
  /** When each replay policy runs next, and what it did last. */
  readonly turns: PolicyTurns;
  /** Which process audits and removes what is old. */
  readonly schedules: ScheduleTurns;
  /** Recent results of each owner; no decision depends on them. */
  readonly history: HistoryStore;
  /** When clusters were last heard, outside of declarations (decision 63). */
  readonly heard: HeardStore;
  /** Changes that wait for a device that does not answer. */
  readonly waiting: WaitingPlace;
  /** Marks of messages that may have killed a process (decision 36). */
  readonly suspects: MarkKeeping;
  /** What the last repair of a device left over, so that audit does not ask for it again. */
  readonly repairs: RepairMemory;
  /** What apply and audit last saw of devices, for readers without access to them. */
  readonly views: ViewStore;
  /** Since when queues have messages that nobody takes. */
  readonly queueSights: QueueSights;
  /** What map last said about each server of a Gateway. */
  readonly verdicts: VerdictStore;
  /** Questions of consoles to other functions, with their answers. */
  readonly asks: Asks;
  /** By which click people did what, so that a repeated request does it once. */
  readonly acts: Acts;
  readonly signs: ReadSigns;
  /** Which releases of the functions run. */
  readonly releases: ReleaseStore;
  /** Tries of express at devices that do not answer. */
  readonly tries: TryStore;
  /** Whether the storage continues from an older state. */
  readonly lineage: Lineage;
  /** Ends connections and locks of the storage. */
  close(): Promise<void>;
}

/** What the failure store needs besides its configuration. */
export interface OpenFailuresOptions {
  /** Times in the store are milliseconds since 1970 by this clock. */
  readonly clock: Clock;
  /** A new unique id. */
  readonly id: () => string;
  /** For the password and the CA of PostgreSQL. */
  readonly secrets: Pick<Secrets, 'resolve'>;
  /** S3 only. Default: the credential chain of the SDK. */
  readonly credentials?: S3BlobsOptions['credentials'];
}

/** Opens the failure store of the configuration. */
export function openFailures(config: FailuresConfig, options: OpenFailuresOptions): Failures {
  return failuresOver(openBlobs(config, options), options);
}

/** The failure store over an opened storage, which its `close` closes. */
export function failuresOver(
  blobs: Blobs,
  { clock, id }: Pick<OpenFailuresOptions, 'clock' | 'id'>,
): Failures {
  const now = (): number => clock.now();
  return {
    store: createFailureStore(blobs, now),
    audit: createAudit(blobs, now, id),
    jobs: createJobs(blobs),
    turns: createPolicyTurns(blobs),
    schedules: createScheduleTurns(blobs, { now, id }),
    history: createHistoryStore(blobs, now),
    heard: createHeardStore(blobs),
    waiting: createWaitingPlace(blobs, id),
    suspects: createMarkKeeping(blobs),
    repairs: createRepairMemory(blobs),
    views: createViewStore(blobs, now),
    queueSights: createQueueSights(blobs, now),
    verdicts: createVerdictStore(blobs, now),
    asks: createAsks(blobs, now),
    acts: createActs(blobs, now),
    signs: createSigns(blobs, now),
    releases: createReleaseStore(blobs, now),
    tries: createTryStore(blobs, now),
    lineage: createLineage(blobs, now),
    close: () => blobs.close(),
  };
}

/**
 * Says that this process uses the store, so that nobody moves it meanwhile. Throws RPL718 if it was
 * moved. Returns how to end the use. Only a directory belongs to one host.
 */
export function useFailures(config: FailuresConfig): () => void {
  return config.kind === 'fs' ? useFolder(config.path) : () => undefined;
}

/**
 * Opens the underlying storage, in which each part of the store has a prefix. Throws RPL718 if it
 * was moved elsewhere.
 */
export function openBlobs(config: FailuresConfig, options: OpenFailuresOptions): Blobs {
  const { clock, id, secrets, credentials } = options;
  switch (config.kind) {
    case 'fs':
      refuseMovedFolder(config.path);
      return createFileBlobs(config.path, id);
    case 's3': {
      const { bucket, prefix, region, endpoint } = config;
      const place = { bucket, prefix, region, endpoint, credentials };
      return lazyBlobs(s3Location(place), async () => {
        const { createS3Blobs } = await import('./s3/blobs.ts');
        return createS3Blobs(place);
      });
    }
    case 'postgres': {
      const where = postgresLocation(config);
      return lazyBlobs(where, async () => {
        const { connectPostgres } = await import('../postgres/database.ts');
        const { BLOB_MIGRATIONS, createPostgresBlobs } = await import('./postgres/blobs.ts');
        const database = connectPostgres({
          server: config,
          secrets,
          clock,
          migrations: [BLOB_MIGRATIONS],
        });
        return createPostgresBlobs(database, where);
      });
    }
  }
}

/** Blobs whose client is imported with the first call. `where`: location, for messages. */
function lazyBlobs(where: string, open: () => Promise<Blobs>): Blobs {
  const blobs = lazily(open);
  return {
    where,
    get: async (key) => (await blobs.get()).get(key),
    put: async (key, text, condition) => (await blobs.get()).put(key, text, condition),
    delete: async (key) => (await blobs.get()).delete(key),
    list: async (prefix, range) => (await blobs.get()).list(prefix, range),
    lineage: async () => (await blobs.get()).lineage?.(),
    close: () => blobs.close((opened) => opened.close()),
  };
}
