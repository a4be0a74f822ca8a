/** What an error says, whoever made it. By shape: `instanceof Error` is false for errors of another realm, such as Node's own inside a test. */

function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null
    ? (error as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

export function errorMessage(error: unknown): string {
  const message = field(error, 'message');
  return typeof message === 'string' ? message : String(error);
}

export function errorName(error: unknown): string {
  const name = field(error, 'name');
  return typeof name === 'string' ? name : 'Error';
}

/** Such as `ENOENT`; undefined where it has none. */
export function errorCode(error: unknown): string | undefined {
  const code = field(error, 'code');
  return typeof code === 'string' ? code : undefined;
}
