/** Pure: a result → what `kubectl describe` says about it. Reasons are stable: people and alerts match on them. */
import { exposureKey, type ExposureResult, type Settled } from '../../shared/domain/exposure/exposure.ts';
import type { ServerReport, Verdict } from '../../shared/domain/ingress/verdict.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import type { Occurrence } from './recorder.ts';

/** Occurrences of one Gateway (`namespace/name`), or of the ingress Service where `gateway` is absent. */
export interface Statement {
  readonly api: ServerReport['api'];
  readonly gateway?: string;
  readonly occurrence: Occurrence;
}

const REASONS: Readonly<Record<Exclude<ExposureResult['outcome'], 'applied' | 'unchanged' | 'superseded'>, string>> = {
  rejected: 'ApplyFailed',
  conflict: 'PortConflict',
  held: 'DeletionHeld',
  retry: 'ApplyDelayed',
};

const VERDICTS: Readonly<Record<Exclude<Verdict, 'listening'>, string>> = {
  'no-route': 'NoRoute',
  rejected: 'MappingRejected',
  'privileged-port': 'PrivilegedPort',
  'not-selected': 'NotSelected',
  'no-service-port': 'NoServicePort',
  'unreachable-bind': 'UnreachableBind',
};

/** `scope` begins every subject, so that two ingresses of one Gateway do not speak over each other. */
export function statements(scope: string, settled: readonly Settled[]): readonly Statement[] {
  const servers = settled.toSorted((a, b) => compareVersions(b.version, a.version))[0]?.servers ?? [];
  return [...servers.flatMap((server) => serverStatement(scope, server)), ...settled.flatMap((result) => result.exposures.flatMap((exposure) => exposureStatements(scope, result, exposure)))];
}

function serverStatement(scope: string, server: ServerReport): readonly Statement[] {
  if (server.verdict === 'listening') return [];
  const what = server.name === undefined || server.name === '' ? `server ${server.server}` : `server ${server.server} (${server.name})`;
  const message = `${what}, port ${server.port}: ${server.code}: ${server.reason}`;
  const occurrence: Occurrence = { subject: `${scope} result server ${server.server}`, type: 'Warning', reason: VERDICTS[server.verdict], message };
  return [{ api: server.api, gateway: server.gateway, occurrence }];
}

function exposureStatements(scope: string, settled: Settled, exposure: ExposureResult): readonly Statement[] {
  const occurrence = exposureOccurrence(scope, settled.device ?? '', exposure);
  if (occurrence === undefined) return [];
  const apiOf = new Map(settled.servers.map((server) => [server.gateway, server.api]));
  return [{ api: 'istio', occurrence }, ...exposure.gateways.map((gateway): Statement => ({ api: apiOf.get(gateway) ?? 'istio', gateway, occurrence }))];
}

function exposureOccurrence(scope: string, device: string, exposure: ExposureResult): Occurrence | undefined {
  const { outcome, code, message, partition } = exposure;
  const key = exposureKey(exposure);
  const subject = `${scope} result ${key} ${device}`;
  if (outcome === 'superseded') return undefined;
  if (outcome === 'applied' || outcome === 'unchanged') {
    return { subject, type: 'Normal', reason: 'Programmed', message: `${device} offers ${key} (partition ${partition})` };
  }
  return { subject, type: 'Warning', reason: REASONS[outcome], message: `${key} on ${device}: ${code}: ${message}` };
}

/**
 * Addresses for the Service's status, in a stable order: what a device has confirmed; and of what is `present` there already also what
 * nobody has taken away yet (a held deletion, a refused update and a delayed one leave the old content on the device).
 */
export function statusAddresses(settled: readonly Settled[], present: readonly string[]): readonly string[] {
  const counts = ({ outcome, address }: ExposureResult): boolean => outcome === 'applied' || outcome === 'unchanged' || (outcome !== 'conflict' && present.includes(address));
  return [...new Set(settled.flatMap((result) => result.exposures.filter(counts).map((exposure) => exposure.address)))].sort();
}
