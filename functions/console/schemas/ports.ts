/** Schemas of the room Ports and of the search. */
import * as z from 'zod';
import { LINKS } from '../../../shared/operations/search/chain.ts';
import { UnansweredSchema } from './common.ts';

/** One contribution to a declared exposure. Several owners of one exposure have a row each. */
export const PortRowSchema = z
  .strictObject({
    device: z.string(),
    partition: z.string(),
    exposure: z.string(),
    owner: z.string(),
    gateways: z.array(z.string()),
    members: z.int(),
    draining: z.int(),
    drained: z.enum(['drain', 'out']).optional(),
    revision: z.string(),
    kept: z.array(z.string()),
    since: z.string(),
  })
  .meta({ id: 'PortRow' });

/** One page of what is declared, from what apply last saw of each partition. */
export const PortListSchema = z
  .strictObject({
    total: z.int(),
    rows: z.array(PortRowSchema),
    /** Declared in all, before the search. */
    declared: z.int(),
    unanswered: z.array(UnansweredSchema),
    /** When each partition was last seen, RFC 3339. */
    seen: z.array(z.strictObject({ device: z.string(), partition: z.string(), at: z.string() })),
  })
  .meta({ id: 'PortList' });

const Link = z.strictObject({
  name: z.enum(LINKS),
  state: z.enum(['ok', 'broken', 'unknown', 'after']),
  says: z.string(),
  code: z.string().optional(),
  remedy: z.string().optional(),
});

/**
 * The way from the Gateway to the members for what was searched, broken ones first. The links after
 * the first broken one are unknown.
 */
export const SearchAnswerSchema = z
  .strictObject({
    query: z.strictObject({
      kind: z.enum(['gateway', 'port', 'address', 'host']),
      cluster: z.string().optional(),
      gateway: z.string().optional(),
      port: z.int().optional(),
      address: z.string().optional(),
      host: z.string().optional(),
    }),
    total: z.int(),
    chains: z.array(
      z.strictObject({
        cluster: z.string(),
        gateway: z.string(),
        server: z.int().optional(),
        port: z.number(),
        protocol: z.string(),
        hosts: z.array(z.string()),
        links: z.array(Link),
        broken: z.enum(LINKS).optional(),
        at: z.string().optional(),
        failures: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'SearchAnswer' });

/** The verdict on each server of a Gateway, and whether its exposures are declared now. */
export const WhyAnswersSchema = z
  .strictObject({
    at: z.string().optional(),
    servers: z.array(
      z.strictObject({
        server: z.int(),
        api: z.enum(['istio', 'gateway-api']),
        port: z.number(),
        protocol: z.string(),
        verdict: z.string(),
        code: z.string(),
        reason: z.string(),
        remedy: z.string(),
        exposures: z.array(z.string()),
        isReached: z.boolean(),
        now: z.strictObject({
          state: z.enum(['reached', 'wanted', 'unknown']),
          missing: z.array(z.string()),
          held: z.array(
            z.strictObject({ device: z.string(), exposure: z.string(), reason: z.string() }),
          ),
          failures: z.array(
            z.strictObject({
              id: z.string(),
              code: z.string(),
              device: z.string().optional(),
              sentence: z.string(),
            }),
          ),
          network: z.array(
            z.strictObject({ device: z.string(), code: z.string(), message: z.string() }),
          ),
        }),
      }),
    ),
  })
  .meta({ id: 'WhyAnswers' });

/** What happened to a Gateway, oldest first: its snapshots, slices, declares and failures. */
export const TraceSchema = z
  .strictObject({
    stations: z.array(
      z.strictObject({
        at: z.string().optional(),
        what: z.string(),
        where: z.string(),
        details: z.string(),
      }),
    ),
    open: z.int(),
    unanswered: z.int(),
  })
  .meta({ id: 'Trace' });

const planCounts = z.strictObject({
  add: z.int(),
  change: z.int(),
  delete: z.int(),
  unchanged: z.int(),
  /** Wanted, and not possible. */
  notDone: z.int(),
});

/**
 * The answer to manifests: what would change on the devices as they were last seen, and what would
 * not be exposed. Lists are bounded; `total` counts all.
 */
export const PlanAnswer = z
  .strictObject({
    cluster: z.string(),
    /** RFC 3339: when the devices were seen. */
    at: z.string().optional(),
    counts: planCounts,
    /** Number of changes; `changes` has the first thousand of them. */
    total: z.int(),
    changes: z.array(
      z.strictObject({
        device: z.string(),
        partition: z.string(),
        key: z.string(),
        kind: z.string(),
        owner: z.string(),
        gateways: z.array(z.string()),
        code: z.string(),
        reason: z.string(),
      }),
    ),
    notExposed: z.array(
      z.strictObject({
        gateway: z.string(),
        server: z.int(),
        port: z.int(),
        protocol: z.string(),
        verdict: z.string(),
        code: z.string(),
        reason: z.string(),
      }),
    ),
    absent: z.array(z.string()),
    /** About annotations and fields of the manifests; `object` is `Kind namespace/name`. */
    warnings: z.array(
      z.strictObject({ object: z.string(), code: z.string(), message: z.string() }),
    ),
    /** What to do, by code. */
    remedies: z.record(z.string(), z.string()),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Plan' });
