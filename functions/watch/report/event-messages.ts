/**
 * Pure: converts a result to Events. Reasons are stable, because users and alerts match on them.
 */
import { poolOfAutoAddress } from '../../../shared/domain/address-pools/auto-address.ts';
import {
  exposureKey,
  type ExposureResult,
  type Note,
  type Settled,
} from '../../../shared/domain/exposure/exposure.ts';
import type { ServerReport, Verdict } from '../../../shared/domain/istio/port-mapping.ts';
import { compareVersions } from '../../../shared/domain/revision.ts';
import type { EventMessage } from './event-object.ts';

/** A message and its object. */
export interface ObjectMessage {
  readonly about: ObjectReference;
  readonly occurrence: EventMessage;
}

/** `key` is `namespace/name`. The ingress Service itself needs no key. */
export type ObjectReference =
  | { readonly kind: 'Ingress' }
  | { readonly kind: 'Gateway'; readonly api?: ServerReport['api']; readonly key: string }
  | { readonly kind: 'Service' | 'ConfigMap'; readonly key: string };

const REASONS: Readonly<
  Record<Exclude<ExposureResult['outcome'], 'applied' | 'unchanged' | 'superseded'>, string>
> = {
  rejected: 'ApplyFailed',
  conflict: 'PortConflict',
  held: 'DeletionHeld',
  retry: 'ApplyDelayed',
};

/** Codes, other than an unproven removal, that hold an exposure. */
const HELD: Readonly<Record<string, string>> = {
  OWN312: 'NodeInUse',
  OWN350: 'NoAddress',
  OWN353: 'NoAddress',
  OWN354: 'PortConflict',
};

const VERDICTS: Readonly<Record<Exclude<Verdict, 'listening'>, string>> = {
  'no-route': 'NoRoute',
  rejected: 'MappingRejected',
  'privileged-port': 'PrivilegedPort',
  'not-selected': 'NotSelected',
  'no-service-port': 'NoServicePort',
  'unreachable-bind': 'UnreachableBind',
};

/** Notes concern settings, except these. */
const NOTES: Readonly<Record<string, string>> = {
  GW140: 'NoReadyMember',
  GW141: 'ProxyProtocolDoubtful',
  GW156: 'AddressNotNoted',
  GW165: 'DefaultOverridden',
  GW173: 'ServerNameDoubtful',
  GW174: 'RedirectDoubtful',
  GW180: 'PathDoubtful',
  GW181: 'PathDoubtful',
  GW182: 'PathDoubtful',
  GW183: 'PathDoubtful',
  GW184: 'PathDoubtful',
  GW185: 'RouteForPod',
  GW186: 'PathDoubtful',
  GW187: 'NetworksUnread',
  GW188: 'AnswersDoubtful',
  OWN330: 'IngressGone',
  OWN331: 'ClusterSilent',
  OWN341: 'RatioPerMember',
  OWN342: 'AddressContested',
  OWN351: 'AddressKept',
  OWN352: 'AddressMoved',
};
const SETTING_NOTE = 'SettingIgnored';

/** Notes about intended configuration. */
const NORMAL: ReadonlySet<string> = new Set(['GW165', 'GW185']);

/**
 * `scope` starts every subject, so that two ingresses of one Gateway do not overwrite each other's
 * Events.
 */
export function eventMessages(
  scope: string,
  settled: readonly Settled[],
): readonly ObjectMessage[] {
  const [newest] = settled.toSorted((a, b) => compareVersions(b.version, a.version));
  return [
    ...(newest?.servers ?? []).flatMap((server) => serverStatement(scope, server)),
    ...settled.flatMap((result) =>
      result.exposures.flatMap((exposure) => exposureStatements(scope, result, exposure)),
    ),
    ...notesOf(settled, newest).map((note) => noteStatement(scope, note)),
  ];
}

/**
 * Most notes are equal in every device's result. Ownership notes belong to one device, until it
 * sends a newer result.
 */
function notesOf(settled: readonly Settled[], newest: Settled | undefined): readonly Note[] {
  const isCurrent = ({ version }: Settled): boolean =>
    newest !== undefined && compareVersions(version, newest.version) === 0;
  const notes = settled.flatMap((result) =>
    result.notes.filter(({ code }) => isCurrent(result) || code.startsWith('OWN')),
  );
  return [
    ...new Map(notes.map((note) => [`${note.object} ${note.code} ${note.message}`, note])).values(),
  ];
}

/** The Event for a server that does not listen. */
function serverStatement(scope: string, server: ServerReport): readonly ObjectMessage[] {
  if (server.verdict === 'listening') return [];
  const what =
    server.name === undefined || server.name === ''
      ? `server ${server.server}`
      : `server ${server.server} (${server.name})`;
  const message = `${what}, port ${server.port}: ${server.code}: ${server.reason}`;
  const occurrence: EventMessage = {
    subject: `${scope} result server ${server.server}`,
    type: 'Warning',
    reason: VERDICTS[server.verdict],
    message,
  };
  return [{ about: { kind: 'Gateway', api: server.api, key: server.gateway }, occurrence }];
}

/** The Events for one exposure, on its gateways and on the Service. */
function exposureStatements(
  scope: string,
  settled: Settled,
  exposure: ExposureResult,
): readonly ObjectMessage[] {
  const [occurrence, onService] = ['', forWhom(exposure)].map((whom) =>
    exposureOccurrence(scope, settled.device ?? '', { ...exposure, whom }),
  );
  if (occurrence === undefined || onService === undefined) return [];
  return [
    { about: { kind: 'Ingress' }, occurrence: onService },
    ...exposure.gateways.map((key): ObjectMessage => ({
      about: { kind: 'Gateway', key },
      occurrence,
    })),
  ];
}

/** A note names its object as `Kind namespace/name`; other notes belong to the ingress. */
function noteStatement(scope: string, note: Note): ObjectMessage {
  const [kind, key = ''] = note.object.split(' ');
  const about: ObjectReference =
    kind === 'Gateway' || kind === 'Service' || kind === 'ConfigMap'
      ? { kind, key }
      : { kind: 'Ingress' };
  const message =
    about.kind === 'Ingress'
      ? `${note.object}: ${note.code}: ${note.message}`
      : `${note.code}: ${note.message}`;
  return {
    about,
    occurrence: {
      subject: `${scope} result note ${note.code} ${note.message}`,
      type: NORMAL.has(note.code) ? 'Normal' : 'Warning',
      reason: NOTES[note.code] ?? SETTING_NOTE,
      message,
    },
  };
}

/** Names in one message; the others are counted. */
const MAX_SHOWN = 3;

/** The Service has many ports, so its Events name the Gateways. */
function forWhom({ gateways }: ExposureResult): string {
  if (gateways.length === 0) return '';
  const more = gateways.length > MAX_SHOWN ? ` and ${gateways.length - MAX_SHOWN} more` : '';
  return ` for Gateway ${gateways.slice(0, MAX_SHOWN).join(', ')}${more}`;
}

/** The Event for a change of one exposure; undefined if nothing happened. */
function exposureOccurrence(
  scope: string,
  device: string,
  exposure: ExposureResult & { readonly whom: string },
): EventMessage | undefined {
  const { outcome, code, message, partition, whom } = exposure;
  const subject = `${scope} result ${exposureKey(exposure)} ${device}`;
  const key = `${exposureKey(exposure)}${whom}`;
  if (outcome === 'superseded') return undefined;
  if (outcome === 'applied' || outcome === 'unchanged') {
    return {
      subject,
      type: 'Normal',
      reason: 'Programmed',
      message: `${device} serves ${key} (partition ${partition})${sourcesSaid(exposure)}`,
    };
  }
  return {
    subject,
    type: 'Warning',
    reason: HELD[code] ?? REASONS[outcome],
    message: `${key} on ${device}: ${code}: ${message}`,
  };
}

/**
 * Settings requested in the cluster, by source; defaults, sluice.yaml and the gateway's own port
 * are omitted.
 */
function sourcesSaid({ sources = {}, gateways }: ExposureResult): string {
  const plain = new Set(['default', ...gateways.map((gateway) => `Gateway ${gateway}`)]);
  const asked = Object.entries(sources).filter(
    ([, source]) => !plain.has(source) && !source.startsWith('sluice.yaml'),
  );
  const bySource = Map.groupBy(asked, ([, source]) => source);
  return [...bySource]
    .map(
      ([source, settings]) => `; ${settings.map(([setting]) => setting).join(', ')} from ${source}`,
    )
    .join('');
}

/**
 * Addresses for the Service's status, in a stable order: those confirmed by a device, and those
 * `present` in the status that were not removed yet (a held removal, or a refused or delayed
 * update, leaves the old content on the device). If an automatic address is unknown because the
 * device is unreachable, all present ones stay, because the status is needed to restore it.
 */
export function statusAddresses(
  settled: readonly Settled[],
  present: readonly string[],
): readonly string[] {
  const counts = ({ outcome, address }: ExposureResult): boolean =>
    outcome === 'applied' ||
    outcome === 'unchanged' ||
    (outcome !== 'conflict' && present.includes(address));
  const all = settled.flatMap((result) => result.exposures);
  const unknown = all.some(
    ({ address, outcome, code }) =>
      poolOfAutoAddress(address) !== undefined && outcome !== 'conflict' && code !== 'OWN350',
  );
  return [
    ...new Set([
      ...all.filter(counts).map((exposure) => exposure.address),
      ...(unknown ? present : []),
    ]),
  ].sort();
}
