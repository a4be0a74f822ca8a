import * as z from 'zod';
import { BALANCE_METHODS, DevicePath, Monitor, PERSISTENCE_METHODS } from './exposure.ts';

/** The settings of an exposure that a source may leave open. */
export const SettingsInput = z.strictObject({
  mode: z.enum(['tcp', 'fastl4', 'http', 'udp']).optional(),
  balance: z.enum(BALANCE_METHODS).optional(),
  snat: z.union([z.enum(['auto', 'none', 'self']), DevicePath]).optional(),
  persistence: z.array(z.union([z.enum(PERSISTENCE_METHODS), DevicePath])).optional(),
  iRules: z.array(DevicePath).optional(),
  profiles: z.strictObject({ tcp: DevicePath.optional(), http: DevicePath.optional(), l4: DevicePath.optional(), udp: DevicePath.optional() }).optional(),
  vlans: z.array(DevicePath).optional(),
  connectionLimit: z.int().min(0).max(2_147_483_647).optional(),
  monitors: z.array(Monitor).optional(),
});
export type SettingsInput = z.infer<typeof SettingsInput>;
