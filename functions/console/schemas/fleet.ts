/** Schemas of the rooms Now, Fleet and Audit. */
import * as z from 'zod';
import { AuditEntry } from '../../../shared/failures/audit.ts';
import { ROLES } from '../http/rights.ts';
import { Millis, Unanswered } from './common.ts';
import { Job } from './failures.ts';

export const Session = z
  .strictObject({
    who: z.string(),
    role: z.enum(ROLES),
    /** To be sent as X-Sluice-Csrf with each POST; absent with a bearer token. */
    csrf: z.string().optional(),
    version: z.string(),
    /** `events`: /api/v1/events tells changes; `polling`: ask again with If-None-Match. */
    live: z.enum(['events', 'polling']),
    generation: z.int(),
    clusters: z.array(z.string()),
    devices: z.array(z.string()),
  })
  .meta({ id: 'Session' });

export const Now = z
  .strictObject({
    at: Millis,
    troubles: z.array(
      z.strictObject({
        id: z.string(),
        level: z.enum(['bad', 'warn']),
        sentence: z.string(),
        since: Millis.optional(),
        code: z.string().optional(),
        remedy: z.string(),
        room: z.enum(['failures', 'replay', 'fleet', 'drift', 'ports']),
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
  since: Millis,
  code: z.string(),
  reason: z.string(),
  due: Millis,
  ingresses: z.int(),
  orders: z.int(),
});

export const Status = z
  .strictObject({
    clusters: z.array(
      z.strictObject({
        cluster: z.string(),
        ingresses: z.int(),
        exposures: z.int(),
        known: z.boolean(),
        revision: z.string(),
        openFailures: z.int(),
        lastFailure: Millis.optional(),
        lastEvent: Millis.optional(),
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
        oldest: Millis.optional(),
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
        lastSuccess: Millis.optional(),
        busy: z.strictObject({ busy: z.int(), of: z.int() }).optional(),
      }),
    ),
    waiting: z.array(Waiting),
    held: z.array(z.string()),
    /** What monitors see of the network. */
    network: z.array(z.string()),
    failures: z.record(z.string(), z.int()),
    jobs: z.array(Job),
    unknown: z.array(z.string()),
  })
  .meta({ id: 'Status' });

const uid = z.strictObject({
  clusterUid: z.string(),
  since: z.string(),
  replaced: z.literal(true).optional(),
});

export const ClusterList = z
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
    unanswered: z.array(Unanswered),
    needsAttention: z.boolean(),
  })
  .meta({ id: 'ClusterList' });

export const DriftView = z
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

export const AddressList = z
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
    unanswered: z.array(Unanswered),
    nearlyFull: z.boolean(),
  })
  .meta({ id: 'AddressList' });

export const WaitingView = z
  .strictObject({
    devices: z.array(Waiting),
    entries: z.array(
      z.strictObject({
        id: z.string(),
        device: z.string(),
        kind: z.string(),
        subject: z.string(),
        what: z.string(),
        sentAt: Millis,
        since: Millis,
      }),
    ),
  })
  .meta({ id: 'WaitingView' });

export const AuditPage = z
  .strictObject({ entries: z.array(AuditEntry), next: z.string().optional() })
  .meta({ id: 'AuditPage' });
