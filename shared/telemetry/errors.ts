/**
 * Reads fields of errors by shape, because `instanceof Error` is false for errors of another realm,
 * such as Node's own in tests.
 */

function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null
    ? (error as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** The message of an error, or any other thrown value as text. */
export function errorMessage(error: unknown): string {
  const message = field(error, 'message');
  return typeof message === 'string' ? message : String(error);
}

/** The name of an error; `Error` if it has none. */
export function errorName(error: unknown): string {
  const name = field(error, 'name');
  return typeof name === 'string' ? name : 'Error';
}

/** For instance `ENOENT`; undefined if the error has no code. */
export function errorCode(error: unknown): string | undefined {
  const code = field(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** Whether TLS failed because of the certificate of the other side. */
export function isCertificateError(code: string | undefined): boolean {
  return /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/.test(
    code ?? '',
  );
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'the port is in use',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EEXIST: 'it exists already',
  EHOSTUNREACH: 'no route to the host',
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files',
  ENETUNREACH: 'no route to the network',
  ENOENT: 'no such file',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of the path is not a directory',
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved at present',
  EPERM: 'not permitted',
  EPIPE: 'the other end closed the connection',
  EPROTO: 'the other end does not speak TLS',
  EROFS: 'the file system is read-only',
  ETIMEDOUT: 'no answer in time',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other end does not speak TLS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'a certificate of the chain is self-signed',
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of the certificate is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of the certificate is unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the issuer of the certificate is unknown',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'the other end closed the connection',
};

/**
 * The meaning of a code of Node or one of its libraries, with the code to search for: `connection
 * refused, ECONNREFUSED`. Unknown codes stay unchanged.
 */
export function describeErrorCode(code: string): string {
  return WORDS[code] === undefined ? code : `${WORDS[code]}, ${code}`;
}

/**
 * An error of the operating system as a sentence: `/etc/x: no such file (ENOENT)`. Other errors
 * keep their message.
 */
export function describeSystemError(error: unknown): string {
  const code = errorCode(error);
  const words = code === undefined ? undefined : WORDS[code];
  if (words === undefined || field(error, 'syscall') === undefined) return errorMessage(error);
  const path = field(error, 'path');
  return `${typeof path === 'string' ? `${path}: ` : ''}${words} (${code})`;
}
