/** What people tell a device's queue. Steering is a message too: it goes through the device's group, in order with its slices. */
import * as z from 'zod';
import type { DeclaredState } from '../plan/declared.ts';

/** Lets removals through that the guard holds. */
export const Approval = z.strictObject({
  action: z.literal('approve'),
  device: z.string().min(1),
  owner: z.string().regex(/^[^/]+\/[^/]+\/[^/]+$/, 'must be cluster/namespace/service'),
  /** Exposure keys such as `172.16.100.195:32400/tcp`; absent: all that are held. */
  keys: z.array(z.string().min(1)).min(1).optional(),
});
export type Approval = Readonly<z.infer<typeof Approval>>;

export const Steering = z.discriminatedUnion('action', [Approval]);
export type Steering = Readonly<z.infer<typeof Steering>>;

/** What an approval means for one partition: of the named keys those that the owner has there. */
export function approvedKeys(state: DeclaredState, { owner, keys }: Approval): readonly string[] {
  const has = (key: string): boolean => state.exposures[key]?.contributions.some((c) => c.owner === owner) ?? false;
  return (keys ?? state.owners[owner]?.held ?? []).filter(has);
}
