/** From what the sources say to the settings of one exposure: precedence, and whether they go together. */
import type { ListenerKind } from '../../istio/port-mapping.ts';
import { DEFAULT_SETTINGS } from './defaults.ts';
import type { Settings } from '../exposure.ts';
import type { IngressEntry } from '../sources/ingress-entry.ts';
import { formatIp, parseIp } from '../../net/ip.ts';
import { forbiddenReferences, type PolicyConfig } from './policy.ts';
import {
  monitorProblem,
  SETTING_NAMES,
  type SettingName,
  type SourceSettings,
} from './settings.ts';
import type { SettingsLayer, MergedSettings, ExposureRefusal } from './layers.ts';

export const DEFAULT_SOURCE = 'default';

/** The ingress entry of `sluice.yaml` as the lowest source but the defaults. */
export function ingressEntryLayer(entry: IngressEntry): SettingsLayer {
  const { profiles, ...settings } = entry.settings;
  const wanted = {
    ...settings,
    virtualAddress:
      entry.virtualAddress === undefined ? undefined : inOneSpelling(entry.virtualAddress),
    partition: entry.partition,
    profileTcp: profiles?.tcp,
    profileHttp: profiles?.http,
    profileL4: profiles?.l4,
    profileUdp: profiles?.udp,
  };
  const said = Object.fromEntries(
    Object.entries(wanted).filter(([, value]) => value !== undefined),
  ) as Partial<SourceSettings>;
  const source = `sluice.yaml (ingress ${entry.cluster}/${entry.service})`;
  const refusals = (entry.settings.monitors ?? []).flatMap((monitor): ExposureRefusal[] => {
    const problem = monitorProblem(monitor);
    return problem === undefined ? [] : [{ code: 'GW137', message: `${source}: ${problem}` }];
  });
  return { source, wanted: said, refusals, notes: [] };
}

function inOneSpelling(address: string): string {
  const ip = parseIp(address);
  return ip === undefined ? address : formatIp(ip);
}

type Mode = Settings['mode'];
const PROFILE_MODES = {
  profileTcp: ['tcp', 'http'],
  profileHttp: ['http'],
  profileL4: ['fastl4'],
  profileUdp: ['udp'],
} as const satisfies Partial<Record<SettingName, readonly Mode[]>>;
type ProfileName = keyof typeof PROFILE_MODES;
const PROFILES = Object.keys(PROFILE_MODES) as readonly ProfileName[];

const PERSISTENCE_MODES: Readonly<Record<string, readonly Mode[]>> = {
  cookie: ['http'],
  msrdp: ['tcp', 'http'],
  'tls-session-id': ['tcp', 'http'],
};

/** What the server is, as far as settings depend on it. */
export interface ListenerTraits {
  readonly protocol: 'tcp' | 'udp';
  readonly kinds: readonly ListenerKind[];
  /** The pods expect the PROXY protocol. */
  readonly proxyProtocol: boolean;
}

export interface ResolvedSettings {
  readonly settings: Omit<Settings, 'monitors'>;
  /** Absent: the default monitors of the pool. */
  readonly monitors: Settings['monitors'] | undefined;
  readonly sources: Readonly<Record<string, string>>;
  readonly refusals: readonly ExposureRefusal[];
  /** What is worth saying though nothing is refused, such as settings left out because they do not apply here. */
  readonly remarks: readonly ExposureRefusal[];
}

function modeProblem(mode: Mode, at: ListenerTraits, said: string): ExposureRefusal | undefined {
  if (mode === 'udp' && at.protocol === 'tcp')
    return {
      code: 'GW137',
      message: `${said} sets mode udp, but Envoy listens on UDP only for HTTP/3; use tcp or fastl4`,
    };
  const other = at.kinds.find((kind) => kind !== 'HTTP');
  if (mode !== 'http' || other === undefined) return undefined;
  return {
    code: 'GW137',
    message: `${said} sets mode http, but the listener carries ${other}, which BIG-IP cannot read; use tcp or fastl4`,
  };
}

/** A profile for another mode is refused where it was asked for together with the mode, and left out where it comes from further below. */
function judgeProfile(
  name: ProfileName,
  mode: Mode,
  merged: MergedSettings,
): { readonly refused?: string; readonly left?: string } {
  const modes: readonly Mode[] = PROFILE_MODES[name];
  const source = merged.sources[name];
  if (source === undefined || modes.includes(mode)) return {};
  const sentence = `${source} sets ${name} ${merged.wanted[name]}, which mode ${mode} does not take`;
  const below =
    merged.sources.mode !== undefined &&
    source.startsWith('sluice.yaml') &&
    !merged.sources.mode.startsWith('sluice.yaml');
  return below
    ? { left: `${sentence}; left out` }
    : { refused: `${sentence}; remove it or use mode ${modes.join(' or ')}` };
}

function proxyProblem(
  mode: Mode,
  at: ListenerTraits,
  merged: MergedSettings,
): ExposureRefusal | undefined {
  const { proxyProtocol, iRules = [] } = merged.wanted;
  if (proxyProtocol !== undefined && mode === 'fastl4') {
    return {
      code: 'GW137',
      message: `${merged.sources.proxyProtocol} asks for the PROXY protocol, which an iRule cannot send in mode fastl4; use mode tcp`,
    };
  }
  if (!at.proxyProtocol || proxyProtocol !== undefined || iRules.length > 0) return undefined;
  const remedy =
    'create the iRule on the device, list it in policy.references and name it in sluice.io/proxy-protocol';
  return {
    code: 'GW141',
    message: `the gateway pods expect the PROXY protocol, and BIG-IP sends it only through an iRule: ${remedy}`,
  };
}

function proxyRemarks(at: ListenerTraits, merged: MergedSettings): readonly ExposureRefusal[] {
  if (at.protocol === 'udp') return [];
  const { proxyProtocol, iRules = [] } = merged.wanted;
  if (proxyProtocol !== undefined && !at.proxyProtocol) {
    return [
      {
        code: 'GW141',
        message: `${merged.sources.proxyProtocol} sends the PROXY protocol, but no gateway pod says that it expects it (proxy.istio.io/config); Envoy would take the header for data`,
      },
    ];
  }
  if (!at.proxyProtocol || proxyProtocol !== undefined || iRules.length === 0) return [];
  return [
    {
      code: 'GW141',
      message: `the gateway pods expect the PROXY protocol; one of the iRules ${iRules.join(', ')} has to send it`,
    },
  ];
}

function referencesOf(
  wanted: Partial<SourceSettings>,
): readonly { readonly setting: SettingName; readonly path: string }[] {
  const single = (
    setting: SettingName,
    value: string | undefined,
  ): { setting: SettingName; path: string }[] =>
    value?.startsWith('/') === true ? [{ setting, path: value }] : [];
  const many = (
    setting: SettingName,
    values: readonly string[] = [],
  ): { setting: SettingName; path: string }[] => values.flatMap((value) => single(setting, value));
  return [
    ...single('snat', wanted.snat),
    ...single('proxyProtocol', wanted.proxyProtocol),
    ...PROFILES.flatMap((name) => single(name, wanted[name])),
    ...many('persistence', wanted.persistence),
    ...many('iRules', wanted.iRules),
    ...many('vlans', wanted.vlans),
  ];
}

function referenceProblems(
  policy: PolicyConfig,
  merged: MergedSettings,
): readonly ExposureRefusal[] {
  return referencesOf(merged.wanted).flatMap(({ setting, path }) => {
    if (forbiddenReferences(policy, [path]).length === 0) return [];
    return [
      {
        code: 'GW132',
        message: `${merged.sources[setting]} refers to ${path} (${setting}), which policy.references does not list; add it there or remove it`,
      },
    ];
  });
}

/** HTTP/3 rides along with its HTTPS server: what only fits TCP is left out for it, and told. */
function forUdp(merged: MergedSettings): {
  readonly merged: MergedSettings;
  readonly left: readonly string[];
} {
  const wanted: Record<string, unknown> = { ...merged.wanted, mode: 'udp' };
  const sources: Record<string, string> = {
    ...merged.sources,
    mode: merged.wanted.mode === 'udp' ? (merged.sources.mode ?? DEFAULT_SOURCE) : DEFAULT_SOURCE,
  };
  const left: string[] = [];
  const drop = (setting: SettingName): void => {
    if (wanted[setting] === undefined) return;
    left.push(`${merged.sources[setting]} sets ${setting}, which is left out for HTTP/3 (UDP)`);
    // With its source, or it would be refused as a setting that does not fit.
    delete wanted[setting];
    delete sources[setting];
  };
  for (const setting of [
    'profileTcp',
    'profileHttp',
    'profileL4',
    'proxyProtocol',
    'iRules',
    'reselectTries',
  ] as const)
    drop(setting);
  const plain = (merged.wanted.persistence ?? []).every(
    (method) => method.startsWith('/') || PERSISTENCE_MODES[method] === undefined,
  );
  if (!plain) drop('persistence');
  return { merged: { ...merged, wanted, sources }, left };
}

function problemsOf(
  mode: Mode,
  at: ListenerTraits,
  merged: MergedSettings,
): readonly ExposureRefusal[] {
  const said = merged.sources.mode ?? DEFAULT_SOURCE;
  const wrong = (merged.wanted.persistence ?? []).find(
    (method) => PERSISTENCE_MODES[method]?.includes(mode) === false,
  );
  return [
    modeProblem(mode, at, said) ?? [],
    proxyProblem(mode, at, merged) ?? [],
    wrong === undefined
      ? []
      : {
          code: 'GW137',
          message: `${merged.sources.persistence} sets persistence ${wrong}, which mode ${mode} does not take`,
        },
  ].flat();
}

function settingsOf(mode: Mode, merged: MergedSettings): ResolvedSettings['settings'] {
  const { wanted } = merged;
  const fits = (name: ProfileName): string | undefined =>
    (PROFILE_MODES[name] as readonly Mode[]).includes(mode) ? wanted[name] : undefined;
  const profiles = {
    tcp: fits('profileTcp'),
    http: fits('profileHttp'),
    l4: fits('profileL4'),
    udp: fits('profileUdp'),
  };
  const { iRules = DEFAULT_SETTINGS.iRules, proxyProtocol } = wanted;
  return {
    mode,
    balance: wanted.balance ?? DEFAULT_SETTINGS.balance,
    snat: wanted.snat ?? DEFAULT_SETTINGS.snat,
    persistence: [...(wanted.persistence ?? DEFAULT_SETTINGS.persistence)],
    iRules: [...new Set(proxyProtocol === undefined ? iRules : [proxyProtocol, ...iRules])],
    profiles: Object.fromEntries(Object.entries(profiles).filter(([, path]) => path !== undefined)),
    vlans: [...(wanted.vlans ?? DEFAULT_SETTINGS.vlans)],
    connectionLimit: wanted.connectionLimit ?? DEFAULT_SETTINGS.connectionLimit,
    // A datagram is sent to nobody who could refuse it.
    reselectTries: wanted.reselectTries ?? (mode === 'udp' ? 0 : DEFAULT_SETTINGS.reselectTries),
  };
}

function sourcesOf(merged: MergedSettings): Readonly<Record<string, string>> {
  const optional: readonly SettingName[] = ['proxyProtocol', ...PROFILES];
  const named = SETTING_NAMES.filter(
    (name) => merged.sources[name] !== undefined || !optional.includes(name),
  );
  return Object.fromEntries(named.map((name) => [name, merged.sources[name] ?? DEFAULT_SOURCE]));
}

/** The settings for one listener, or why they cannot be. */
export function resolveSettings(
  said: MergedSettings,
  at: ListenerTraits,
  policy: PolicyConfig,
): ResolvedSettings {
  const { merged, left } = at.protocol === 'udp' ? forUdp(said) : { merged: said, left: [] };
  const mode = merged.wanted.mode ?? DEFAULT_SETTINGS.mode;
  const judged = PROFILES.map((name) => judgeProfile(name, mode, merged));
  return {
    settings: settingsOf(mode, merged),
    monitors: merged.wanted.monitors === undefined ? undefined : [...merged.wanted.monitors],
    sources: sourcesOf(merged),
    refusals: [
      ...problemsOf(mode, at, merged),
      ...judged.flatMap(({ refused }) =>
        refused === undefined ? [] : [{ code: 'GW137', message: refused }],
      ),
      ...referenceProblems(policy, merged),
    ],
    remarks: [
      ...left.map((message) => ({ code: 'GW145', message })),
      ...judged.flatMap(({ left: sentence }) =>
        sentence === undefined ? [] : [{ code: 'GW137', message: sentence }],
      ),
      ...proxyRemarks(at, merged),
    ],
  };
}
