/** Parses the health monitors of CIS's custom resources. */
import * as z from 'zod';
import { isJsonObject } from '../../json-object.ts';
import { checkedMonitors, monitorTimes } from './annotation-values.ts';
import type { CisReading } from './row.ts';
import { ignoresPayload, type Monitor } from './values.ts';

/** A monitor of a CIS resource, as far as Sluice reads it. */
const CisMonitor = z.object({
  type: z.enum(['tcp', 'udp', 'http', 'https', 'tcp-half-open', 'icmp']),
  interval: z.int().min(1).optional(),
  timeout: z.int().min(1).optional(),
  targetPort: z.int().min(0).max(65_535).optional(),
  send: z.string().optional(),
  recv: z.string().optional(),
});

/** Fields of a monitor without a counterpart. */
const LOST_IN_MONITORS: Readonly<Record<string, string>> = {
  timeUntilUp: 'has timeUntilUp, which Sluice does not set; a member is up with the first answer',
  sslProfile: 'has an sslProfile, which Sluice does not set; the monitor uses BIG-IP’s default one',
};

/** 0 means the member's own port in CIS. */
function monitorOf(monitor: z.infer<typeof CisMonitor>): Monitor {
  const { type, interval, timeout, targetPort = 0, send, recv } = monitor;
  return {
    type,
    ...monitorTimes(interval, timeout),
    ...(targetPort > 0 && { port: targetPort }),
    ...(send !== undefined && { send }),
    ...(recv !== undefined && { receive: recv }),
  };
}

/** CIS passes on what such a monitor ignores. */
function withoutIgnored(monitor: Monitor): Monitor {
  const { send: _send, receive: _receive, ...rest } = monitor;
  return ignoresPayload(monitor) ? rest : monitor;
}

/**
 * One monitor or a list of them. Monitors of other types, and fields without effect, become
 * problems.
 */
export function cisMonitors(value: unknown): CisReading {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  const lost = Object.entries(LOST_IN_MONITORS).filter(([field]) =>
    list.some((one) => isJsonObject(one) && !!one[field]),
  );
  const parsed = list.map((one) => CisMonitor.safeParse(one));
  const monitors = parsed.flatMap((one) => (one.success ? [monitorOf(one.data)] : []));
  const read = checkedMonitors(monitors.map(withoutIgnored));
  const problems = [
    ...(monitors.length < list.length
      ? [
          'refers to a monitor on the device, or has a type that Sluice does not support; ' +
            'by default Sluice uses the gateway’s readiness and a TCP connect',
        ]
      : []),
    ...(monitors.some(ignoresPayload)
      ? ['has send or recv on a type that ignores both; they are left out']
      : []),
    ...lost.map(([, reason]) => reason),
    ...('problem' in read ? [read.problem] : []),
  ];
  return 'problem' in read || monitors.length === 0 ? { problems } : { ...read, problems };
}
