/** F5's schemas of ConfigMaps for virtual servers, v0.1.0 to v0.1.7. */
import * as z from 'zod';
import type { F5Monitor } from '../settings/cis-values.ts';
import { BALANCE_METHODS } from '../settings/values.ts';

/**
 * The F5 schemas v0.1.0 to v0.1.7 of `f5type: virtual-server` ConfigMaps, as strict as F5's own.
 */
const Port = z.int().min(1).max(65_535);
/** Text that is not empty. */
const Text = z.string().min(1);

/** UDP monitors came with v0.1.5, and `recv` with v0.1.6. */
function monitorOf(minor: number): z.ZodType<F5Monitor> {
  const base = {
    protocol: z.enum(minor >= 5 ? ['http', 'tcp', 'udp'] : ['http', 'tcp']),
    interval: z.int().min(1).max(86_400).optional(),
    timeout: z.int().min(1).max(86_400).optional(),
    send: Text.optional(),
  };
  return minor >= 6 ? z.strictObject({ ...base, recv: Text.optional() }) : z.strictObject(base);
}

/**
 * Only the structure: F5 accepts old and new forms of names, and so does this; unsupported features
 * are reported elsewhere.
 */
function sslOf(minor: number): z.ZodType {
  const one = z.strictObject({ f5ProfileName: Text.optional() });
  return minor >= 4 ? z.union([z.looseObject({ f5ProfileNames: z.array(Text) }), one]) : one;
}

/** Until v0.1.2, the address must be given. */
function addressOf(
  minor: number,
): z.ZodType<{ readonly port: number; readonly bindAddr?: string | undefined }> {
  return minor >= 3
    ? z.strictObject({ port: Port, bindAddr: z.string().optional() })
    : z.strictObject({ port: Port, bindAddr: z.string() });
}

/**
 * The content of an F5 ConfigMap (schema f5-schemadb, `virtualServer`), as far as Sluice reads it.
 */
export interface F5VirtualServer {
  readonly backend: {
    readonly serviceName: string;
    readonly servicePort: number;
    readonly healthMonitors?: readonly F5Monitor[] | undefined;
  };
  readonly frontend: {
    readonly partition: string;
    readonly mode?: 'http' | 'tcp' | 'udp' | undefined;
    readonly balance?: string | undefined;
    readonly sslProfile?: unknown;
    readonly virtualAddress?:
      { readonly port: number; readonly bindAddr?: string | undefined } | undefined;
  };
}

/** `minor` is the last number of the version: 7 for v0.1.7. */
export function f5Schema(minor: number): z.ZodType<{ readonly virtualServer: F5VirtualServer }> {
  const backend = { serviceName: Text, servicePort: Port };
  const virtualAddress = addressOf(minor);
  return z.strictObject({
    virtualServer: z.strictObject({
      backend:
        minor >= 2
          ? z.strictObject({ ...backend, healthMonitors: z.array(monitorOf(minor)).optional() })
          : z.strictObject(backend),
      frontend: z.strictObject({
        partition: Text,
        mode: z.enum(minor >= 5 ? ['http', 'tcp', 'udp'] : ['http', 'tcp']).optional(),
        balance: (minor >= 7 ? Text : z.enum(BALANCE_METHODS)).optional(),
        sslProfile: sslOf(minor).optional(),
        virtualAddress: minor >= 3 ? virtualAddress.optional() : virtualAddress,
      }),
    }),
  });
}

/** The last number of the version; undefined for an unpublished schema. */
export function schemaMinor(text: string): number | undefined {
  const minor = /^f5schemadb:\/\/bigip-virtual-server_v0\.1\.([0-7])\.json$/.exec(text.trim())?.[1];
  return minor === undefined ? undefined : Number(minor);
}
