/** The manual changes of an exposure that can be kept, and their stored form. */
import * as z from 'zod';
import { BALANCE_METHODS } from '../exposure/settings/values.ts';

/** The settings that can be kept; members, addresses and everything else are always repaired. */
export const OperatedValues = z.strictObject({
  /** Of the pool. */
  balance: z.enum(BALANCE_METHODS).exactOptional(),
  /** Of the virtual server; 0 means unlimited. */
  connectionLimit: z.int().min(0).max(2_147_483_647).exactOptional(),
  /** False if the virtual server is disabled. */
  enabled: z.boolean().exactOptional(),
});
export type OperatedValues = Readonly<z.infer<typeof OperatedValues>>;

/** Part of the declaration, by exposure key. */
export const Override = z.strictObject({
  /** Time of detection. */
  since: z.iso.datetime(),
  values: OperatedValues,
  /** The values that the owner requested at that time; another request lifts the override. */
  instead: OperatedValues,
});
export type Override = Readonly<z.infer<typeof Override>>;

/**
 * A request to keep live values of an exposure, valid while its owner requests the same values as
 * when they were detected.
 */
export const OverrideAdoption = z.strictObject({
  key: z.string(),
  values: OperatedValues,
  instead: OperatedValues,
});
export type OverrideAdoption = Readonly<z.infer<typeof OverrideAdoption>>;
