/** Credentials that an answer repeats: errors quote answers, and proxies may return requests. */

/** The parts of a request that may have credentials. */
interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A shorter one could be part of ordinary words, which mean something in answers. */
const MIN_CHARACTERS = 8;

function credentialsIn({ headers, body }: Sent): string[] {
  const password = typeof body === 'object' && body !== null && 'password' in body && body.password;
  return [headers?.['x-f5-auth-token'], password].filter(
    (one) => typeof one === 'string' && one.length >= MIN_CHARACTERS,
  ) as string[];
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The text of an answer without the token or password of its request. */
export function withoutCredentials(text: string, request: Sent): string {
  return (
    credentialsIn(request)
      // Also as part of JSON, and of JSON that is quoted in JSON.
      .flatMap((one) => [one, escaped(one), escaped(escaped(one))])
      .reduce((shown, one) => shown.replaceAll(one, '[removed]'), text)
  );
}
