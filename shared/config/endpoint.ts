/** URL of a server that is compatible with one of AWS. */
import * as z from 'zod';

/** Whether the URL has a place for them; messages about a server contain its URL. */
function hasCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.username !== '' || url.password !== '');
}

/** Its credentials come from the environment. */
export const Endpoint = z
  .url({ protocol: /^https?$/, error: 'must be a URL that begins with https:// or http://' })
  .refine((text) => !hasCredentials(text), {
    error:
      'must not contain a user or password; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ' +
      'or a role, are the credentials',
  });
