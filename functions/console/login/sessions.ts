/** Sessions as encrypted cookies, so that any process with the key knows them. */
import { createHash } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import * as z from 'zod';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { ROLES } from '../http/rights.ts';
import { strongSecret } from '../../../shared/config/strong-secret.ts';

/** Who logged in. */
export const LoginSession = z.strictObject({
  who: z.string().min(1).max(200),
  role: z.enum(ROLES),
  csrf: z.string().min(16).max(64),
});
export type LoginSession = Readonly<z.infer<typeof LoginSession>>;

/** A login that is under way. */
export const LoginFlow = z.strictObject({
  verifier: z.string().max(200),
  state: z.string().max(200),
  nonce: z.string().max(200),
  /** Path of the console to return to. */
  to: z.string().max(2_000),
});
export type LoginFlow = Readonly<z.infer<typeof LoginFlow>>;

/** Milliseconds. */
export const SESSION_MS = 8 * 3_600_000;
/** Milliseconds. */
export const LOGIN_MS = 10 * 60_000;

/** Makes and reads cookies. What is not valid, or has ended, is undefined. */
export interface Sealer {
  seal(kind: string, content: Readonly<Record<string, unknown>>, ms: number): Promise<string>;
  open<T>(kind: string, text: string, schema: z.ZodType<T>): Promise<T | undefined>;
}

/** `key`: any text of at least 32 characters; throws a ConfigError if it has fewer. */
export function createSealer(key: string, { now }: Pick<Clock, 'now'>): Sealer {
  const secret = createHash('sha256').update(strongSecret(key, 'console.oidc.sessionKey')).digest();
  return {
    seal: (kind, content, ms) =>
      new EncryptJWT({ content })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(kind)
        .setExpirationTime(Math.floor((now() + ms) / 1_000))
        .encrypt(secret),
    open: async (kind, text, schema) => {
      try {
        const { payload } = await jwtDecrypt(text, secret, {
          audience: kind,
          currentDate: new Date(now()),
          contentEncryptionAlgorithms: ['A256GCM'],
          keyManagementAlgorithms: ['dir'],
        });
        return schema.safeParse(payload['content']).data;
      } catch {
        return undefined;
      }
    },
  };
}
