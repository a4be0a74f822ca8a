/** Credentials in URLs, which messages show. */

/** Whether the URL has a user or a password. */
export function hasCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.username !== '' || url.password !== '');
}
