import * as z from 'zod';

/**
 * A Kubernetes label selector. Several requirements all have to hold; an empty one selects
 * everything.
 */
export const LabelSelector = z.strictObject({
  /** Labels with exactly these values. */
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string().min(1),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        /** For `In` and `NotIn`; the others take none. */
        values: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});
export type LabelSelector = z.infer<typeof LabelSelector>;
