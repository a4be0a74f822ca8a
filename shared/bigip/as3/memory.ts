/**
 * The content of `constants.sluice` of a partition: the part of the declared state that AS3's own
 * objects cannot hold.
 */
import * as z from 'zod';
import { RequestedSettings } from '../../domain/exposure/settings/settings.ts';
import { DECLARED_FORMAT } from '../../domain/declared/declared.ts';
import { Override } from '../../domain/declared/override.ts';
import { Drain, OwnerRecord } from '../../domain/declared/owner-record.ts';
import { Version } from '../../domain/revision.ts';

/** The owner of member entries of an exposure, in their order in the pool. */
export const ContributionRecord = z.strictObject({
  owner: z.string(),
  gateways: z.array(z.string()).readonly(),
  since: z.string(),
  /** Port of each member entry of this owner. */
  ports: z.array(z.int()),
  /** `address:port` of draining members. */
  draining: z.array(z.string()),
  /** Requested settings that differ from the declared ones. */
  wish: RequestedSettings.exactOptional(),
  /** Its weight in a fleet of mode ratio. */
  weight: z.int().min(1).max(100).exactOptional(),
  /** Its priority group in a fleet of mode active-standby. */
  priority: z.int().min(0).max(65_535).exactOptional(),
});
export type ContributionRecord = Readonly<z.infer<typeof ContributionRecord>>;

/** Frozen format: fields are only added, as optional ones. */
export const Memory = z.strictObject({
  /** Formats 1 and 2 have fewer fields, with the same meaning. */
  format: z.literal([1, 2, DECLARED_FORMAT]),
  owners: z.record(z.string(), OwnerRecord),
  floors: z.record(z.string(), Version).exactOptional(),
  drains: z.record(z.string(), Drain).exactOptional(),
  steered: z.record(z.string(), z.iso.datetime()).exactOptional(),
  replaced: z.record(z.string(), z.array(z.string()).min(1).readonly()).exactOptional(),
  overrides: z.record(z.string(), Override).exactOptional(),
  shareNodes: z.boolean(),
  /** By application. */
  exposures: z.record(z.string(), z.array(ContributionRecord).min(1)),
});
export type Memory = Readonly<z.infer<typeof Memory>>;
