/** What of an exposure can be kept as it was changed by hand, and as it is remembered. */
import * as z from 'zod';
import { BALANCE_METHODS } from '../exposure/settings/values.ts';

/** All that can be kept of an exposure, each as it is live; members, addresses and whatever else is never kept. */
export const OperatedValues = z.strictObject({
  /** Of the pool. */
  balance: z.enum(BALANCE_METHODS).exactOptional(),
  /** Of the virtual server; 0 is unlimited. */
  connectionLimit: z.int().min(0).max(2_147_483_647).exactOptional(),
  /** False: the virtual server is switched off. */
  enabled: z.boolean().exactOptional(),
});
export type OperatedValues = Readonly<z.infer<typeof OperatedValues>>;

/** Part of the declaration, by exposure key. */
export const Override = z.strictObject({
  /** When it was found. */
  since: z.iso.datetime(),
  values: OperatedValues,
  /** What the owner asked for when it was found: asking for something else lifts it. */
  instead: OperatedValues,
});
export type Override = Readonly<z.infer<typeof Override>>;

/** Asks for values that are live at an exposure to be kept, as long as its owner asks for what it did when they were found. */
export const OverrideAdoption = z.strictObject({
  key: z.string(),
  values: OperatedValues,
  instead: OperatedValues,
});
export type OverrideAdoption = Readonly<z.infer<typeof OverrideAdoption>>;
