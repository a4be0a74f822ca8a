/** Everything that can go wrong with a device, as it is told to people. */
import type { InnerCall } from './inner-calls.ts';

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
  | 'BIP430'
  | 'BIP440'
  | 'BIP454'
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
 * `content`: the device refuses what was declared; another content may pass.
 * `device`: nothing passes until somebody mends the device or the configuration.
 * `transient`: the same again, later.
 * `ambiguous`: it may have been done; read back before anything else.
 */
export type FaultClass = 'content' | 'device' | 'transient' | 'ambiguous';

/**
 * `slow`: it was too much at once.
 * `raced`: the same once more may pass, because something changed on the device meanwhile.
 * `inner`: AS3 failed in words that name nothing of what was declared; whether that follows a change is found out.
 * `unsaved`: the same, after everything was done: only the configuration was not saved.
 * `unfound`: AS3 did not find what the declaration refers to, or failed to look.
 */
export type Hint = 'slow' | 'raced' | 'inner' | 'unsaved' | 'unfound';

interface Details {
  readonly response?: string;
  readonly after?: number | undefined;
  readonly hint?: Hint | undefined;
  readonly inner?: InnerCall | undefined;
  readonly cause?: unknown;
}

export class DeviceError extends Error {
  readonly code: DeviceErrorCode;
  readonly fault: FaultClass;
  /** The device's own words, trimmed; empty when it said nothing. */
  readonly response: string;
  /** Milliseconds the device asked to wait. */
  readonly after?: number | undefined;
  readonly hint?: Hint | undefined;
  /** The call inside the device that failed. */
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
}

/** A fault inside the device: it says nothing about what was declared. */
export type InnerFault = DeviceError & { readonly hint: 'inner' | 'unsaved' };

export function isInner(error: unknown): error is InnerFault {
  return error instanceof DeviceError && (error.hint === 'inner' || error.hint === 'unsaved');
}

/** What went wrong, and the device's own words as a sentence of their own. */
export function inWords({ message, response }: Pick<DeviceError, 'message' | 'response'>): string {
  return response === '' ? message : `${message}. BIG-IP says: ${response}`;
}

/** Enough of the device's words to understand, never a page of HTML or a declaration. */
export function trim(text: string, length = 600): string {
  const words = text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return words.length > length ? `${words.slice(0, length)}…` : words;
}
