/** Errors of the Kubernetes API, with the remedy where it is known. */
import { describeErrorCode, errorCode, errorMessage, errorName } from '../telemetry/errors.ts';

/** A failed API call. `status` is 0 if there was no answer; `reason` is then `Unreachable`. */
export class KubernetesError extends Error {
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly reason: string;
  /** Milliseconds from Retry-After, if sent. */
  readonly retryAfter: number | undefined;

  constructor(
    fault: { status: number; reason: string; message: string; retryAfter?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(fault.message, options);
    this.name = 'KubernetesError';
    this.status = fault.status;
    this.reason = fault.reason;
    this.retryAfter = fault.retryAfter;
  }
}

/** A write that was not sent, because this replica may not write now. */
export class Fenced extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fenced';
  }
}

/** For answers without a `Status` object, such as those of proxies. */
const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
};

/** Admission webhooks also refuse with 403; their messages contain the remedy. */
function remedyFor(status: number, message = ''): string | undefined {
  if (status === 401)
    return 'renew the token or certificate in the kubeconfig, or the token of the service account';
  if (status === 403 && / cannot \w+ resource /.test(message))
    return 'grant this permission to the user or service account; infra/kubernetes/base has the role that Sluice needs';
  return undefined;
}

/** Reads a `Status` object; proxies may answer HTML, so any input is accepted. */
export function errorFromStatus(
  what: string,
  status: number,
  body: unknown,
  retryAfter?: string,
): KubernetesError {
  const answer = isStatus(body) ? body : {};
  const reason = answer.reason ?? REASONS[status] ?? 'Unknown';
  const seconds = Number(retryAfter);
  const remedy = remedyFor(status, answer.message);
  const message =
    `${what}: ${status} ` +
    `${reason}${answer.message ? `: ${answer.message}` : ''}${remedy === undefined ? '' : `; ${remedy}`}`;
  return new KubernetesError({
    status,
    reason,
    message,
    retryAfter: seconds > 0 ? seconds * 1000 : undefined,
  });
}

/** The error for a request without an answer. */
export function unreachable(what: string, cause: unknown): KubernetesError {
  return new KubernetesError(
    {
      status: 0,
      reason: 'Unreachable',
      message:
        `${what}: no answer from the Kubernetes API (${causeInWords(cause)}); ` +
        'check the address, the network and the certificate',
    },
    { cause },
  );
}

/** Whether the API server itself answered. */
function isStatus(body: unknown): body is { reason?: string; message?: string } {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}

/** For instance `connection refused, ECONNREFUSED, 10.0.0.1:6443`. */
function causeInWords(cause: unknown): string {
  const code = errorCode(cause);
  if (code === undefined) return errorMessage(cause) || errorName(cause);
  const words = describeErrorCode(code);
  if (words === code) return errorMessage(cause) || code;
  const [where] = /\S+:\d+$/.exec(errorMessage(cause)) ?? [];
  return where === undefined ? words : `${words}, ${where}`;
}
