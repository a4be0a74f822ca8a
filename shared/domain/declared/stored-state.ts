/** The schema of a declared state that is kept outside of a device, such as in the failure store. */
import * as z from 'zod';
import { Member } from '../exposure/exposure.ts';
import { Settings, RequestedSettings } from '../exposure/settings/settings.ts';
import { Version } from '../revision.ts';
import type { DeclaredState } from './declared.ts';
import { Override } from './override.ts';
import { Drain, OwnerRecord } from './owner-record.ts';

const Contribution = z.strictObject({
  owner: z.string(),
  gateways: z.array(z.string()),
  since: z.string(),
  members: z.array(Member),
  wish: (RequestedSettings as z.ZodType<Partial<Settings>>).exactOptional(),
  weight: z.number().exactOptional(),
  priority: z.number().exactOptional(),
});

const DeclaredExposure = z.strictObject({
  address: z.string(),
  port: z.int(),
  protocol: z.enum(['tcp', 'udp']),
  settings: Settings,
  minimumActive: z.int().exactOptional(),
  contributions: z.array(Contribution),
});

/** A {@link DeclaredState} as JSON. Its exposures are in the order in which they were written. */
export const StoredState: z.ZodType<DeclaredState> = z.strictObject({
  owners: z.record(z.string(), OwnerRecord),
  exposures: z.record(z.string(), DeclaredExposure),
  floors: z.record(z.string(), Version).exactOptional(),
  drains: z.record(z.string(), Drain).exactOptional(),
  steered: z.record(z.string(), z.string()).exactOptional(),
  replaced: z.record(z.string(), z.array(z.string())).exactOptional(),
  overrides: z.record(z.string(), Override).exactOptional(),
  shareNodes: z.boolean().exactOptional(),
});
