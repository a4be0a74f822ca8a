/** The state of each policy between runs. */
import * as z from 'zod';
import type { Blobs } from '../blobs.ts';
import { ReplayError } from '../error.ts';

/** Stored state of one policy. */
export const PolicyTurn = z.strictObject({
  format: z.literal(1),
  policy: z.string(),
  /** Time of the next run; milliseconds since 1970. */
  due: z.number(),
  /** Consecutive failed runs. */
  misses: z.int().nonnegative(),
  /**
   * The job of the last run; stored before the job is created, so that a crash leaves no unknown
   * job.
   */
  job: z.string().optional(),
  /** Result of the last run. */
  says: z.string().optional(),
  lease: z.strictObject({ holder: z.string(), until: z.number() }).optional(),
});
export type PolicyTurn = Readonly<z.infer<typeof PolicyTurn>>;

/** What a policy replayed, and when it runs again. */
export interface PolicyTurns {
  get(policy: string): Promise<PolicyTurn | undefined>;
  /**
   * `edit` may be called again if another process wrote in the meantime; an unchanged result is not
   * written.
   */
  update(policy: string, edit: (turn: PolicyTurn) => PolicyTurn): Promise<PolicyTurn>;
}

const MAX_RACES = 20;

const keyOf = (policy: string): string => `policies/${policy}.json`;

/** Keeps the state in one blob per policy and changes it by compare-and-swap. */
export function createPolicyTurns(blobs: Blobs): PolicyTurns {
  const read = async (
    policy: string,
  ): Promise<{ readonly turn: PolicyTurn; readonly tag: string } | undefined> => {
    const blob = await blobs.get(keyOf(policy));
    return blob === undefined
      ? undefined
      : { turn: PolicyTurn.parse(JSON.parse(blob.text)), tag: blob.tag };
  };
  return {
    get: async (policy) => (await read(policy))?.turn,
    update: async (policy, edit) => {
      for (let race = 0; race < MAX_RACES; race++) {
        const present = await read(policy);
        const before: PolicyTurn = present?.turn ?? { format: 1, policy, due: 0, misses: 0 };
        const next = edit(before);
        if (
          next === before ||
          (await blobs.put(
            keyOf(policy),
            JSON.stringify(next),
            present === undefined ? 'absent' : { tag: present.tag },
          )) !== undefined
        )
          return next;
      }
      throw new ReplayError(
        'RPL700',
        `The state of policy ${policy} changed ${MAX_RACES} times while it was being written.`,
      );
    },
  };
}
