/** Values of settings: BIG-IP's enumerations, device paths, health monitors. */
import * as z from 'zod';

/** Types of virtual servers. */
export const MODES = ['tcp', 'fastl4', 'http', 'https', 'udp'] as const;
/** The type of a virtual server. */
export type Mode = (typeof MODES)[number];

/** Load balancing methods of a BIG-IP pool, in AS3's notation. */
export const BALANCE_METHODS = [
  'dynamic-ratio-member',
  'dynamic-ratio-node',
  'fastest-app-response',
  'fastest-node',
  'least-connections-member',
  'least-connections-node',
  'least-sessions',
  'observed-member',
  'observed-node',
  'predictive-member',
  'predictive-node',
  'ratio-least-connections-member',
  'ratio-least-connections-node',
  'ratio-member',
  'ratio-node',
  'ratio-session',
  'round-robin',
  'weighted-least-connections-member',
  'weighted-least-connections-node',
] as const;

/** Persistence methods of AS3 that Sluice accepts by name. */
export const PERSISTENCE_METHODS = [
  'cookie',
  'destination-address',
  'msrdp',
  'source-address',
  'tls-session-id',
] as const;

/** Source address translation without a SNAT pool. */
export const SNAT_WORDS = ['auto', 'none', 'self'] as const;

/**
 * A path of an existing object on the device, such as `/Common/my-irule`, in requests. AS3 inserts
 * it into a tmsh script without quotes, so it must not contain characters with a meaning there.
 */
export const DevicePath = z
  .string()
  .max(255)
  .regex(
    /^\/[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.:%@+=-]*)+$/,
    'must be a full path such as /Common/name, of letters, digits and _ . : % @ + = -',
  );

/**
 * A path in stored data: older releases allowed more characters, and existing exposures keep
 * running.
 */
export const DeclaredPath = z
  .string()
  .regex(/^\/[^/\s]+(\/[^/\s]+)+$/, 'must be a full path such as /Common/name');

/** Whether a value is a full path on the device with safe characters; see {@link DevicePath}. */
export function isDevicePath(text: unknown): text is string {
  return DevicePath.safeParse(text).success;
}

/** A health monitor of a pool. Times in seconds; without `port` the member's own port is probed. */
export const Monitor = z.strictObject({
  type: z.enum(['tcp', 'tcp-half-open', 'http', 'https', 'udp', 'icmp']),
  interval: z.int().min(1).max(3_600),
  timeout: z.int().min(1).max(900),
  port: z.int().min(1).max(65_535).optional(),
  send: z.string().optional(),
  receive: z.string().optional(),
});
export type Monitor = z.infer<typeof Monitor>;

/** Checks a monitor across fields; AS3 allows at most 3600 s and 900 s. */
export function monitorProblem(monitor: Monitor): string | undefined {
  const { interval, timeout } = monitor;
  if (interval > 3600) return `the interval of a monitor is at most 3600 s, not ${interval}`;
  if (timeout > 900) return `the timeout of a monitor is at most 900 s, not ${timeout}`;
  if (timeout <= interval)
    return (
      `a monitor's timeout (${timeout} s) must be longer than its interval (${interval} s); ` +
      'three intervals and one second is usual'
    );
  return undefined;
}

/** Types that send nothing and read nothing: AS3 drops `send` and `receive`. */
const SILENT: readonly Monitor['type'][] = ['icmp', 'tcp-half-open'];

/** Whether the monitor would ignore what it is told to send or to expect. */
export function ignoresPayload({ type, send, receive }: Monitor): boolean {
  return SILENT.includes(type) && (send !== undefined || receive !== undefined);
}

/** Deep equality. */
export function sameValue(a: unknown, b: unknown): boolean {
  // Most values are text, numbers or absent, and JSON is slow.
  if (a === b || typeof a !== 'object' || typeof b !== 'object') return a === b;
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Formats a value for messages. */
export function showValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
