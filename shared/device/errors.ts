/** Errors of devices, as shown to users. No device of a certain kind is known here. */

/** Codes that an error of a device can have; the code table explains them. */
export type DeviceErrorCode =
  | 'BIP401'
  | 'BIP402'
  | 'BIP403'
  | 'BIP404'
  | 'BIP405'
  | 'BIP420'
  | 'BIP421'
  | 'BIP422'
  | 'BIP423'
  | 'BIP424'
  | 'BIP425'
  | 'BIP430'
  | 'BIP440'
  | 'BIP454'
  | 'BIP470'
  | 'BIP471'
  | 'BIP472'
  | 'BIP473'
  | 'BIP474'
  | 'BIP476'
  | 'BIP477'
  | 'BIP501'
  | 'BIP502'
  | 'BIP503'
  | 'BIP504'
  | 'BIP505'
  | 'BIP506'
  | 'BIP507'
  | 'BIP508'
  | 'BIP509'
  | 'BIP511'
  | 'BIP512';

/**
 * `content`: the device refuses the declaration; other content may succeed.
 * `device`: nothing succeeds until the device or the configuration is corrected.
 * `transient`: retry the same later.
 * `ambiguous`: it may have been applied; read back first.
 */
export type FaultClass = 'content' | 'device' | 'transient' | 'ambiguous';

/**
 * How far a fault reaches, so that whoever catches it knows what goes on.
 * `outage`: nothing else would succeed now.
 * `refusal`: the device answers, but does not allow, or cannot use, something that several requests
 * need: a right, a partition, the journal of paths.
 * `object`: one request; others may succeed.
 */
export type FaultReach = 'outage' | 'refusal' | 'object';

/** Of faults that are not about content. */
const REACH = {
  BIP401: 'outage',
  BIP402: 'outage',
  BIP403: 'refusal',
  BIP404: 'outage',
  BIP405: 'outage',
  BIP420: 'refusal',
  BIP421: 'refusal',
  BIP422: 'refusal',
  BIP423: 'refusal',
  BIP424: 'refusal',
  BIP425: 'refusal',
  BIP430: 'object',
  BIP440: 'outage',
  BIP454: 'refusal',
  BIP470: 'object',
  BIP471: 'object',
  BIP472: 'object',
  BIP473: 'object',
  BIP474: 'refusal',
  BIP476: 'refusal',
  BIP477: 'object',
  BIP501: 'outage',
  BIP502: 'outage',
  BIP503: 'outage',
  BIP504: 'outage',
  BIP505: 'object',
  BIP506: 'outage',
  BIP507: 'outage',
  BIP508: 'outage',
  BIP509: 'object',
  BIP511: 'outage',
  BIP512: 'outage',
} as const satisfies Readonly<Record<DeviceErrorCode, FaultReach>>;

/**
 * `slow`: the declare was too large.
 * `raced`: the same declare may succeed now, because something changed on the device in between.
 * `inner`: AS3 failed without naming anything in the declaration; isolation finds out whether a
 * change triggers it.
 * `unsaved`: the same, after everything was applied: only the configuration was not saved.
 * `unfound`: AS3 did not find a referenced object, or failed to look it up.
 */
export type FaultHint = 'slow' | 'raced' | 'inner' | 'unsaved' | 'unfound';

/** A call of AS3 inside the device. */
export interface InnerCall {
  readonly method: string;
  /** Path without query, such as `/mgmt/tm/ltm/pool`. */
  readonly endpoint: string;
  /** Absent if there was no answer. */
  readonly status?: number;
}

interface Details {
  readonly response?: string;
  readonly after?: number | undefined;
  readonly hint?: FaultHint | undefined;
  readonly inner?: InnerCall | undefined;
  readonly cause?: unknown;
}

/** An error with code, class and the device's message. */
export class DeviceError extends Error {
  readonly code: DeviceErrorCode;
  readonly fault: FaultClass;
  /** The device's message, shortened; empty if there was none. */
  readonly response: string;
  /** Milliseconds from Retry-After. */
  readonly after?: number | undefined;
  readonly hint?: FaultHint | undefined;
  /** The failed call inside the device. */
  readonly inner?: InnerCall | undefined;

  constructor(code: DeviceErrorCode, fault: FaultClass, message: string, details: Details = {}) {
    super(message, { cause: details.cause });
    this.name = 'DeviceError';
    this.code = code;
    this.fault = fault;
    this.response = trim(details.response ?? '');
    this.after = details.after;
    this.hint = details.hint;
    this.inner = details.inner;
  }

  /** A refusal of content never says anything about other content. */
  get reach(): FaultReach {
    return this.fault === 'content' ? 'object' : REACH[this.code];
  }

  /** The device answers and refuses nothing: the same request may succeed next time. */
  get mayPass(): boolean {
    return this.fault !== 'content' && this.reach === 'object';
  }
}

/** A fault inside the device, which says nothing about the declaration. */
export type InnerFault = DeviceError & { readonly hint: 'inner' | 'unsaved' };

/** Whether one of AS3's own calls inside the device failed, so that the content is not to blame. */
export function isInner(error: unknown): error is InnerFault {
  return error instanceof DeviceError && (error.hint === 'inner' || error.hint === 'unsaved');
}

/** The error with the device's message as a separate sentence. */
export function errorText({
  message,
  response,
}: Pick<DeviceError, 'message' | 'response'>): string {
  return response === '' ? message : `${message}. BIG-IP says: ${response}`;
}

/** Shortens the device's message: enough to understand, never an HTML page or a declaration. */
export function trim(text: string, length = 600): string {
  const words = text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return words.length > length ? `${words.slice(0, length)}…` : words;
}

/** Formats a call as `GET /mgmt/… : HTTP 500`. */
export function callInWords({ method, endpoint, status }: InnerCall): string {
  return `${method} ${endpoint}: ${status === undefined ? 'no answer' : `HTTP ${status}`}`;
}

/**
 * Faults of the device or the path to it. More requests would not help, and failed logins would
 * lock the account.
 */
const AWAY: ReadonlySet<DeviceErrorCode> = new Set<DeviceErrorCode>([
  'BIP401',
  'BIP402',
  'BIP501',
  'BIP502',
  'BIP504',
  'BIP506',
  'BIP507',
  'BIP511',
  'BIP512',
]);

/** Whether the code means that the device is unavailable, or its breaker open. */
export function isAwayCode(code: string): boolean {
  return code === 'BIP508' || [...AWAY].some((one) => one === code);
}

/** Whether the error means that the device is unavailable. */
export function isAway(error: unknown): error is DeviceError {
  return error instanceof DeviceError && AWAY.has(error.code);
}
