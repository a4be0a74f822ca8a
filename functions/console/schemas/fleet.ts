/** Schemas of the rooms Now, Fleet and Audit. */
import * as z from 'zod';
import { AuditEntry } from '../../../shared/failures/audit.ts';
import { ROLES } from '../http/rights.ts';
import { MillisSchema, UnansweredSchema } from './common.ts';
import { JobSchema } from './failures.ts';

/** Who asks and what they may do, with the names that filters can offer. */
export const SessionSchema = z
  .strictObject({
    who: z.string(),
    role: z.enum(ROLES),
    /** To be sent as X-Sluice-Csrf with each POST; absent with a bearer token. */
    csrf: z.string().optional(),
    /** Path to which a POST ends the session; absent if there was no login. */
    logout: z.string().optional(),
    version: z.string(),
    /** `events`: /api/v1/events tells changes; `polling`: ask again with If-None-Match. */
    live: z.enum(['events', 'polling']),
    generation: z.int(),
    clusters: z.array(z.string()),
    devices: z.array(z.string()),
  })
  .meta({ id: 'Session' });

/** The first page: what is not normal, worst first, or `calm` as one sentence. */
export const NowSchema = z
  .strictObject({
    at: MillisSchema,
    troubles: z.array(
      z.strictObject({
        id: z.string(),
        level: z.enum(['bad', 'warn']),
        sentence: z.string(),
        since: MillisSchema.optional(),
        code: z.string().optional(),
        remedy: z.string(),
        room: z.enum(['failures', 'replay', 'fleet', 'drift', 'ports']),
        /** Of the room Fleet. */
        part: z.enum(['devices', 'waiting']).optional(),
        /** Words of the filter that selects it in its room. */
        words: z.array(z.string()),
        replayable: z.boolean(),
      }),
    ),
    calm: z.string().optional(),
    counts: z.strictObject({
      clusters: z.int(),
      devices: z.int(),
      exposures: z.int(),
      open: z.int(),
      runningJobs: z.int(),
    }),
    seen: z.string().optional(),
  })
  .meta({ id: 'Now' });

const Waiting = z.strictObject({
  device: z.string(),
  state: z.enum(['here', 'away', 'returning']),
  since: MillisSchema,
  code: z.string(),
  reason: z.string(),
  due: MillisSchema,
  ingresses: z.int(),
  orders: z.int(),
});

/**
 * Everything of `sluice status`: clusters, queues, devices, waiting changes and failures by state.
 */
export const StatusSchema = z
  .strictObject({
    clusters: z.array(
      z.strictObject({
        cluster: z.string(),
        ingresses: z.int(),
        exposures: z.int(),
        known: z.boolean(),
        revision: z.string(),
        openFailures: z.int(),
        lastFailure: MillisSchema.optional(),
        lastEvent: MillisSchema.optional(),
        lag: z.number().optional(),
        standing: z.string(),
        needsLook: z.boolean(),
      }),
    ),
    queues: z.array(
      z.strictObject({
        queue: z.string(),
        waiting: z.int(),
        inFlight: z.int(),
        oldest: MillisSchema.optional(),
        expiresIn: z.number().optional(),
        problem: z.string().optional(),
      }),
    ),
    devices: z.array(
      z.strictObject({
        device: z.string(),
        partition: z.string(),
        exposures: z.int().optional(),
        milliseconds: z.number().optional(),
        unit: z.string().optional(),
        as3: z.string().optional(),
        code: z.string().optional(),
        problem: z.string().optional(),
        lastSuccess: MillisSchema.optional(),
        busy: z.strictObject({ busy: z.int(), of: z.int() }).optional(),
      }),
    ),
    waiting: z.array(Waiting),
    held: z.array(z.string()),
    /** What monitors see of the network. */
    network: z.array(z.string()),
    failures: z.record(z.string(), z.int()),
    jobs: z.array(JobSchema),
    unknown: z.array(z.string()),
  })
  .meta({ id: 'Status' });

const uid = z.strictObject({
  clusterUid: z.string(),
  since: z.string(),
  replaced: z.literal(true).optional(),
});

/** One row for each cluster on each device, as `sluice cluster list` shows them. */
export const ClusterListSchema = z
  .strictObject({
    rows: z.array(
      z.strictObject({
        cluster: z.string(),
        device: z.string(),
        uids: z.array(z.string()),
        owners: z.int(),
        exposures: z.int(),
        members: z.int(),
        held: z.int(),
        waiting: z.int().optional(),
        /** Ingresses whose removals or ports wait for an approval. */
        heldOwners: z.array(z.string()).optional(),
        version: z.string().optional(),
        seen: z.string().optional(),
        state: z.enum(['enabled', 'draining', 'out']),
        drain: z
          .strictObject({
            mode: z.enum(['drain', 'out']),
            since: z.string(),
            because: z.string(),
            silent: z.literal(true).optional(),
          })
          .optional(),
        silent: z.boolean(),
        silenceUnknown: z.literal(true).optional(),
        rival: uid.optional(),
      }),
    ),
    unanswered: z.array(UnansweredSchema),
    needsAttention: z.boolean(),
  })
  .meta({ id: 'ClusterList' });

/** What the last audit of each device found. The console asks no device. */
export const DriftViewSchema = z
  .strictObject({
    devices: z.array(
      z.strictObject({
        device: z.string(),
        /** RFC 3339; absent if it was never audited. */
        at: z.string().optional(),
        hostname: z.string().optional(),
        software: z.string().optional(),
        found: z.int(),
        findings: z.array(
          z.strictObject({
            device: z.string(),
            partition: z.string(),
            kind: z.string(),
            code: z.string(),
            object: z.string(),
            message: z.string(),
            repairable: z.boolean(),
            heal: z.string().optional(),
          }),
        ),
        problem: z.strictObject({ code: z.string(), reason: z.string() }).optional(),
      }),
    ),
  })
  .meta({ id: 'DriftView' });

const size = z.union([z.int(), z.string()]);

/**
 * Address pools with what is used. IPv6 pools can be larger than a number, so sizes may be texts.
 */
export const AddressListSchema = z
  .strictObject({
    pools: z.array(
      z.looseObject({
        device: z.string(),
        name: z.string(),
        size,
        used: size,
        free: size,
        reserved: size,
        addresses: z.array(z.looseObject({ address: z.string() })),
      }),
    ),
    unanswered: z.array(UnansweredSchema),
    nearlyFull: z.boolean(),
  })
  .meta({ id: 'AddressList' });

/** Devices that do not answer, and the changes that wait for them in the failure store. */
export const WaitingViewSchema = z
  .strictObject({
    devices: z.array(Waiting),
    entries: z.array(
      z.strictObject({
        id: z.string(),
        device: z.string(),
        kind: z.string(),
        subject: z.string(),
        what: z.string(),
        sentAt: MillisSchema,
        since: MillisSchema,
      }),
    ),
  })
  .meta({ id: 'WaitingView' });

/**
 * One page of the audit log, newest first. `next` is the cursor of the next page; absent at the
 * end.
 */
export const AuditPageSchema = z
  .strictObject({ entries: z.array(AuditEntry), next: z.string().optional() })
  .meta({ id: 'AuditPage' });
