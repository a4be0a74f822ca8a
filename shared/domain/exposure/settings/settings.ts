import * as z from 'zod';
import {
  BALANCE_METHODS,
  DevicePath,
  Monitor,
  PERSISTENCE_METHODS,
  ReselectTries,
  type Settings,
} from '../exposure.ts';

/** The settings of an exposure that a source may leave open. */
export const SettingsInput = z.strictObject({
  mode: z
    .enum(['tcp', 'fastl4', 'http', 'udp'])
    .optional()
    .describe('Kind of virtual server. Default `tcp`.'),
  balance: z
    .enum(BALANCE_METHODS)
    .optional()
    .describe('Load balancing method of the pool. Default `round-robin`.'),
  snat: z
    .union([z.enum(['auto', 'none', 'self']), DevicePath])
    .optional()
    .describe('Source address translation, or the path of a SNAT pool. Default `auto`.'),
  persistence: z
    .array(z.union([z.enum(PERSISTENCE_METHODS), DevicePath]))
    .optional()
    .describe('Persistence methods or paths of persistence profiles. Default none.'),
  iRules: z.array(DevicePath).optional().describe('Paths of iRules, in order.'),
  proxyProtocol: DevicePath.optional().describe(
    'Path of the iRule on the device that sends the PROXY protocol header; put before the other iRules.',
  ),
  profiles: z
    .strictObject({
      tcp: DevicePath.optional(),
      http: DevicePath.optional(),
      l4: DevicePath.optional(),
      udp: DevicePath.optional(),
    })
    .optional()
    .describe('Paths of profiles.'),
  vlans: z.array(DevicePath).optional().describe('VLANs that accept connections. Default all.'),
  connectionLimit: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .describe('Concurrent connections; 0 is unlimited.'),
  reselectTries: ReselectTries.optional().describe(
    'When the member picked for a connection cannot be reached: how many others are tried before the client is told. Default 3; none for UDP.',
  ),
  monitors: z
    .array(Monitor)
    .optional()
    .describe('Health monitors instead of the default ones; an empty list means none.'),
});
export type SettingsInput = z.infer<typeof SettingsInput>;

/** Everything a source can say about one exposure, flat, so that each value has its own source. */
export interface SourceSettings {
  readonly virtualAddress: string;
  readonly port: number;
  readonly partition: string;
  readonly mode: Settings['mode'];
  readonly balance: Settings['balance'];
  readonly snat: Settings['snat'];
  readonly persistence: Settings['persistence'];
  readonly iRules: readonly string[];
  readonly proxyProtocol: string;
  readonly profileTcp: string;
  readonly profileHttp: string;
  readonly profileL4: string;
  readonly profileUdp: string;
  readonly vlans: readonly string[];
  readonly connectionLimit: number;
  readonly reselectTries: number;
  readonly monitors: readonly Monitor[];
}
export type SettingName = keyof SourceSettings;

/** In the order in which they are told. */
export const SETTING_NAMES = [
  'virtualAddress',
  'port',
  'partition',
  'mode',
  'balance',
  'snat',
  'persistence',
  'iRules',
  'proxyProtocol',
  'profileTcp',
  'profileHttp',
  'profileL4',
  'profileUdp',
  'vlans',
  'connectionLimit',
  'reselectTries',
  'monitors',
] as const satisfies readonly SettingName[];

/** What is wrong with a monitor although each field alone is allowed; AS3 takes 3600 s and 900 s at most. */
export function monitorProblem(monitor: Monitor): string | undefined {
  const { interval, timeout } = monitor;
  if (interval > 3600) return `the interval of a monitor is at most 3600 s, not ${interval}`;
  if (timeout > 900) return `the timeout of a monitor is at most 900 s, not ${timeout}`;
  if (timeout <= interval)
    return `a monitor's timeout (${timeout} s) must be longer than its interval (${interval} s); three intervals and one second is usual`;
  return undefined;
}
