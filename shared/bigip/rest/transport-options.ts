import type { CallSettings } from './calls.ts';

/**
 * The address of a unit and how its certificate is verified: by system CAs, by `ca`, or by
 * `fingerprint`.
 */
export interface TransportOptions extends CallSettings {
  /** `devices[].name`, for messages. */
  readonly name: string;
  /** Of this unit: `https://` and the management address. */
  readonly url: string;
  /** PEM bundle of a private CA. */
  readonly ca?: string | undefined;
  /**
   * SHA-256 fingerprint of the device's certificate, in hex, colons allowed; replaces the CA check.
   */
  readonly fingerprint?: string | undefined;
}

/** The certificate of the device is not the one whose fingerprint is configured. */
export class PinMismatch extends Error {}
