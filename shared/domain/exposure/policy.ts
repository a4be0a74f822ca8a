import * as z from 'zod';

/** First rule that matches decides; no rule matching means refused when there are rules. */
export const PolicyRule = z.strictObject({
  name: z.string().min(1),
  allow: z.boolean().default(true),
  namespaces: z.array(z.string()).default(['*']),
  /** `443` or `30000-32767`. */
  ports: z.array(z.union([z.int(), z.string()])).default(['1-65535']),
  addresses: z.array(z.string()).default(['0.0.0.0/0', '::/0']),
  partitions: z.array(z.string()).default(['*']),
});
export type PolicyRule = z.infer<typeof PolicyRule>;

export const PolicyConfig = z.strictObject({
  /** Objects on the device that users may refer to; `*` at the end matches any rest. */
  references: z.array(z.string()).default([]),
  rules: z.array(PolicyRule).default([]),
});
export type PolicyConfig = z.infer<typeof PolicyConfig>;
