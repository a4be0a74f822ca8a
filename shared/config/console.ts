/** `console` of sluice.yaml: who may use the console, and how they prove it. */
import * as z from 'zod';
import { isThisHost } from '../runtime/this-host.ts';
import { SecretReference } from './secret-reference.ts';
import { hasCredentials } from './url-credentials.ts';

const Role = z.enum(['viewer', 'operator', 'admin']);

const Url = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => text.startsWith('https:') || isThisHost(new URL(text).hostname),
    'must be https, except on localhost',
  )
  .refine((text) => !hasCredentials(text), 'must not contain a user or password')
  .refine((text) => new URL(text).pathname === '/', 'must have no path');

const Groups = z.array(z.string().min(1)).default([]);

/** A login with OpenID Connect: code flow with PKCE. */
export const OidcConfig = z.strictObject({
  issuer: z
    .url({ protocol: /^https?$/ })
    .refine(
      (text) => text.startsWith('https:') || isThisHost(new URL(text).hostname),
      'must be https, except on localhost',
    )
    .refine((text) => !hasCredentials(text), 'must not contain a user or password')
    .describe('Issuer, as its discovery document names it.'),
  clientId: z.string().min(1).describe('Id of the client that is registered there.'),
  clientSecret: SecretReference.describe('Its secret, by reference.'),
  sessionKey: SecretReference.describe(
    'A random text of at least 32 characters, by reference, with which sessions are encrypted. ' +
      'All processes of the console share it; a new one ends all sessions.',
  ),
  scope: z.string().default('openid profile email').describe('Scopes that are requested.'),
  nameClaim: z.string().default('email').describe('Claim with the name for the audit log.'),
  rolesClaim: z.string().default('groups').describe('Claim with the groups of a person.'),
  roles: z
    .strictObject({ viewer: Groups, operator: Groups, admin: Groups })
    .describe('Groups that have each role. Nobody else may log in.'),
});
export type OidcConfig = z.infer<typeof OidcConfig>;

/** With this, the console answers to other machines. */
export const ConsoleConfig = z
  .strictObject({
    url: Url.describe('URL under which people reach the console, `https://…`, without a path.'),
    oidc: OidcConfig.optional().describe('Login of people with OpenID Connect.'),
    tokens: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(/^[\w.-]{1,60}$/)
            .describe('Name for the audit log.'),
          role: Role.describe('What the holder may do.'),
          token: SecretReference.describe('At least 32 characters, by reference.'),
        }),
      )
      .default([])
      .describe('Bearer tokens of programs.'),
  })
  .refine(({ oidc, tokens }) => oidc !== undefined || tokens.length > 0, {
    message: 'needs oidc or tokens, because the console then answers to other machines',
  });
export type ConsoleConfig = z.infer<typeof ConsoleConfig>;
