/** Pure: a result → what `kubectl describe` says about it. Reasons are stable: people and alerts match on them. */
import { exposureKey, type ExposureResult, type Note, type Settled } from '../../shared/domain/exposure/exposure.ts';
import type { ServerReport, Verdict } from '../../shared/domain/ingress/verdict.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import type { Occurrence } from './recorder.ts';

/** An occurrence and the object it is about. */
export interface Statement {
  readonly about: About;
  readonly occurrence: Occurrence;
}

/** `key` is `namespace/name`. The ingress Service itself needs no key. */
export type About =
  | { readonly kind: 'Ingress' }
  | { readonly kind: 'Gateway'; readonly api?: ServerReport['api']; readonly key: string }
  | { readonly kind: 'Service' | 'ConfigMap'; readonly key: string };

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

/** Notes are about settings, but for these. */
const NOTES: Readonly<Record<string, string>> = { GW140: 'NoReadyMember', GW141: 'ProxyProtocolDoubtful' };
const SETTING_NOTE = 'SettingIgnored';

/** `scope` begins every subject, so that two ingresses of one Gateway do not speak over each other. */
export function statements(scope: string, settled: readonly Settled[]): readonly Statement[] {
  const [newest] = settled.toSorted((a, b) => compareVersions(b.version, a.version));
  return [
    ...(newest?.servers ?? []).flatMap((server) => serverStatement(scope, server)),
    ...settled.flatMap((result) => result.exposures.flatMap((exposure) => exposureStatements(scope, result, exposure))),
    ...(newest?.notes ?? []).map((note) => noteStatement(scope, note)),
  ];
}

function serverStatement(scope: string, server: ServerReport): readonly Statement[] {
  if (server.verdict === 'listening') return [];
  const what = server.name === undefined || server.name === '' ? `server ${server.server}` : `server ${server.server} (${server.name})`;
  const message = `${what}, port ${server.port}: ${server.code}: ${server.reason}`;
  const occurrence: Occurrence = { subject: `${scope} result server ${server.server}`, type: 'Warning', reason: VERDICTS[server.verdict], message };
  return [{ about: { kind: 'Gateway', api: server.api, key: server.gateway }, occurrence }];
}

function exposureStatements(scope: string, settled: Settled, exposure: ExposureResult): readonly Statement[] {
  const [occurrence, onService] = ['', forWhom(exposure)].map((whom) => exposureOccurrence(scope, settled.device ?? '', { ...exposure, whom }));
  if (occurrence === undefined || onService === undefined) return [];
  return [{ about: { kind: 'Ingress' }, occurrence: onService }, ...exposure.gateways.map((key): Statement => ({ about: { kind: 'Gateway', key }, occurrence }))];
}

/** Every device's result carries the same notes. A note names its object as `Kind namespace/name`; one about anything else belongs to the ingress. */
function noteStatement(scope: string, note: Note): Statement {
  const [kind, key = ''] = note.object.split(' ');
  const about: About = kind === 'Gateway' || kind === 'Service' || kind === 'ConfigMap' ? { kind, key } : { kind: 'Ingress' };
  const message = about.kind === 'Ingress' ? `${note.object}: ${note.code}: ${note.message}` : `${note.code}: ${note.message}`;
  return { about, occurrence: { subject: `${scope} result note ${note.code} ${note.message}`, type: 'Warning', reason: NOTES[note.code] ?? SETTING_NOTE, message } };
}

const SHOWN = 3;

/** The Service has many ports: who reads its Events wants to know whose one is. */
function forWhom({ gateways }: ExposureResult): string {
  if (gateways.length === 0) return '';
  const more = gateways.length > SHOWN ? ` and ${gateways.length - SHOWN} more` : '';
  return ` for Gateway ${gateways.slice(0, SHOWN).join(', ')}${more}`;
}

function exposureOccurrence(scope: string, device: string, exposure: ExposureResult & { readonly whom: string }): Occurrence | undefined {
  const { outcome, code, message, partition, whom } = exposure;
  const subject = `${scope} result ${exposureKey(exposure)} ${device}`;
  const key = `${exposureKey(exposure)}${whom}`;
  if (outcome === 'superseded') return undefined;
  if (outcome === 'applied' || outcome === 'unchanged') {
    return { subject, type: 'Normal', reason: 'Programmed', message: `${device} offers ${key} (partition ${partition})${sourcesSaid(exposure)}` };
  }
  return { subject, type: 'Warning', reason: REASONS[outcome], message: `${key} on ${device}: ${code}: ${message}` };
}

/** Settings that somebody asked for in the cluster, by who it was; defaults, sluice.yaml and the gateway's own port go without saying. */
function sourcesSaid({ sources = {}, gateways }: ExposureResult): string {
  const plain = new Set(['default', ...gateways.map((gateway) => `Gateway ${gateway}`)]);
  const asked = Object.entries(sources).filter(([, source]) => !plain.has(source) && !source.startsWith('sluice.yaml'));
  const bySource = Map.groupBy(asked, ([, source]) => source);
  return [...bySource].map(([source, settings]) => `; ${settings.map(([setting]) => setting).join(', ')} from ${source}`).join('');
}

/**
 * Addresses for the Service's status, in a stable order: what a device has confirmed; and of what is `present` there already also what
 * nobody has taken away yet (a held deletion, a refused update and a delayed one leave the old content on the device).
 */
export function statusAddresses(settled: readonly Settled[], present: readonly string[]): readonly string[] {
  const counts = ({ outcome, address }: ExposureResult): boolean => outcome === 'applied' || outcome === 'unchanged' || (outcome !== 'conflict' && present.includes(address));
  return [...new Set(settled.flatMap((result) => result.exposures.filter(counts).map((exposure) => exposure.address)))].sort();
}
