/** URL of a server that is compatible with one of AWS. */
import * as z from 'zod';
import { hasCredentials } from './url-credentials.ts';

/** Its credentials come from the environment. */
export const Endpoint = z
  .url({ protocol: /^https?$/, error: 'must be a URL that begins with https:// or http://' })
  .refine((text) => !hasCredentials(text), {
    error:
      'must not contain a user or password; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ' +
      'or a role, are the credentials',
  });
