/** Resolves the settings of one exposure from all sources: precedence and compatibility. */
import type { ListenerKind } from '../../istio/port-mapping.ts';
import {
  CATALOGUE,
  settingRow,
  SETTING_NAMES,
  SETTING_ROWS,
  type SettingName,
} from './catalogue/catalogue.ts';
import { brokenCombinations, type Choice } from './combinations.ts';
import { composeSettings, holdsOverUdp, referencesIn, takesMode, unfitValue } from './compose.ts';
import { forbiddenReferences, type PolicyConfig } from './policy.ts';
import type { MergedSettings, ExposureRefusal } from './layers.ts';
import type { Settings } from './settings.ts';
import { type Mode, showValue } from './values.ts';

/** The source of a setting that no layer sets. */
export const DEFAULT_SOURCE = 'default';

/** Properties of a server on which settings depend. */
export interface ListenerTraits {
  readonly protocol: 'tcp' | 'udp';
  /** Of all servers on the listener's port; they decide whether BIG-IP can read HTTP there. */
  readonly kinds: readonly ListenerKind[];
  /** The pods expect the PROXY protocol. */
  readonly proxyProtocol: boolean;
}

/** Effective settings with sources and remarks. */
export interface ResolvedSettings {
  /** Complete, with defaults. */
  readonly settings: Omit<Settings, 'monitors'>;
  /** Absent: the default monitors of the pool. */
  readonly monitors: Settings['monitors'] | undefined;
  /** By setting; `default` if no source sets it. */
  readonly sources: Readonly<Record<string, string>>;
  /** Not empty: the exposure is not published, and the first code is that of the refusal. */
  readonly refusals: readonly ExposureRefusal[];
  /** Information without refusal, such as settings that do not apply. */
  readonly remarks: readonly ExposureRefusal[];
}

/**
 * Modes that the listener does not support: `udp` needs a UDP listener, and `http` and `https` need
 * HTTP that BIG-IP can read, because the gateway takes it plainly or BIG-IP encrypts it again.
 */
function modeProblem(
  mode: Mode,
  at: ListenerTraits,
  merged: MergedSettings,
): ExposureRefusal | undefined {
  const said = merged.sources.mode ?? DEFAULT_SOURCE;
  if (mode === 'udp' && at.protocol === 'tcp')
    return {
      code: 'GW137',
      message: `${said} sets mode udp, but Envoy listens on UDP only for HTTP/3; use tcp or fastl4`,
    };
  if (mode !== 'http' && mode !== 'https') return undefined;
  const isEncrypted = hasPaths(merged.wanted.serverTls);
  const other = at.kinds.find((kind) => kind !== 'HTTP' && !(kind === 'HTTPS' && isEncrypted));
  // What only lacks encryption is told by its own code.
  const isTold = mode === 'https' && !isEncrypted && other !== 'TCP';
  if (other === undefined || isTold) return undefined;
  return {
    code: 'GW137',
    message:
      `${said} sets mode ${mode}, but the listener carries ${other}, ` +
      'which BIG-IP cannot parse as HTTP; use tcp or fastl4',
  };
}

function hasPaths(paths: readonly string[] | undefined): boolean {
  return paths !== undefined && paths.length > 0;
}

/** How messages name what a listener expects. */
const EXPECTED: Readonly<Partial<Record<ListenerKind, string>>> = {
  HTTPS: 'terminates TLS itself (HTTPS)',
  TLS_TERMINATE: 'terminates TLS itself (TLS)',
  TLS_PASSTHROUGH: 'passes TLS through (PASSTHROUGH)',
  TLS_AUTO_PASSTHROUGH: 'passes TLS through (AUTO_PASSTHROUGH)',
};

/**
 * What BIG-IP sends has to be what the gateway's server expects: after TLS is terminated, plain
 * data; with server SSL profiles, TLS. A server of protocol TCP may be either.
 */
function tlsProblem(
  mode: Mode,
  at: ListenerTraits,
  merged: MergedSettings,
): ExposureRefusal | undefined {
  const { clientTls, serverTls } = fittingNames(merged.wanted, mode);
  const encrypted = at.kinds.find((kind) => EXPECTED[kind] !== undefined);
  if (hasPaths(clientTls) && !hasPaths(serverTls) && encrypted !== undefined)
    return {
      code: 'GW166',
      message:
        `${merged.sources.clientTls} makes BIG-IP terminate TLS and send plain data, but the ` +
        `gateway's server ${EXPECTED[encrypted]}; name a server SSL profile in sluice.io/server-tls, ` +
        'use protocol HTTP or TCP without tls in the Gateway, or let the gateway terminate TLS alone',
    };
  if (hasPaths(serverTls) && at.kinds.includes('HTTP'))
    return {
      code: 'GW167',
      message:
        `${merged.sources.serverTls} makes BIG-IP send TLS, but the gateway's server takes plain ` +
        'HTTP; remove the server SSL profile, or use protocol HTTPS with tls in the Gateway',
    };
  return undefined;
}

/** The settings that the mode supports; others are refused or left out elsewhere. */
function fittingNames(
  wanted: MergedSettings['wanted'],
  mode: Mode,
): Partial<MergedSettings['wanted']> {
  return Object.fromEntries(
    SETTING_ROWS.filter(([, row]) => takesMode(row, mode)).map(([name]) => [name, wanted[name]]),
  );
}

/** A choice for messages, such as `arp false`. */
export function showChoice({ setting, value, several }: Choice): string {
  if (several) return `several values of ${setting}`;
  return value === undefined ? setting : `${setting} ${showValue(value)}`;
}

/** A refusal for each combination that AS3 or BIG-IP refuses. */
function combinationProblems(mode: Mode, merged: MergedSettings): readonly ExposureRefusal[] {
  const wanted = fittingNames(merged.wanted, mode);
  const said = (one: Choice): string =>
    `${merged.sources[one.setting] ?? DEFAULT_SOURCE} sets ${showChoice(one)}`;
  return brokenCombinations(wanted).map(({ when, needs = [], toRemove: [other], why }) => ({
    code: 'GW168',
    message:
      other === undefined
        ? `${said(when)} without ${needs.map(showChoice).join(' or ')}: ${why}`
        : `${said(when)}, and ${said(other)}: ${why}; remove one of them`,
  }));
}

/**
 * A setting for another mode is refused if it comes from the same source as the mode, and ignored
 * if it comes from a lower one.
 */
function judgeMode(
  [name, row]: (typeof SETTING_ROWS)[number],
  mode: Mode,
  merged: MergedSettings,
): { readonly refused?: string; readonly left?: string } {
  const source = merged.sources[name];
  if (source === undefined || row.modes === undefined || takesMode(row, mode)) return {};
  const sentence = `${source} sets ${name} ${showValue(merged.wanted[name])}, which mode ${mode} does not support`;
  const below =
    merged.sources.mode !== undefined &&
    source.startsWith('sluice.yaml') &&
    !merged.sources.mode.startsWith('sluice.yaml');
  return below
    ? { left: `${sentence}; it is not applied` }
    : { refused: `${sentence}; remove it or use mode ${row.modes.join(' or ')}` };
}

/**
 * If the gateway pods expect the PROXY protocol, something must send it; FastL4 runs no iRules,
 * which could.
 */
function proxyProblem(
  mode: Mode,
  at: ListenerTraits,
  merged: MergedSettings,
): ExposureRefusal | undefined {
  const { proxyProtocol, iRules = [] } = merged.wanted;
  if (proxyProtocol !== undefined && mode === 'fastl4') {
    return {
      code: 'GW137',
      message:
        `${merged.sources.proxyProtocol} requests the PROXY protocol, ` +
        'which an iRule cannot send in mode fastl4; use mode tcp',
    };
  }
  if (!at.proxyProtocol || proxyProtocol !== undefined || iRules.length > 0) return undefined;
  const remedy =
    'create the iRule on the device, list it in policy.references and name it in sluice.io/proxy-protocol';
  return {
    code: 'GW141',
    message: `the gateway pods expect the PROXY protocol, which BIG-IP sends only through an iRule: ${remedy}`,
  };
}

/**
 * Notes on an iRule that may send the PROXY protocol, and on one that sends it although the pods do
 * not expect it.
 */
function proxyRemarks(at: ListenerTraits, merged: MergedSettings): readonly ExposureRefusal[] {
  const { proxyProtocol, iRules = [] } = merged.wanted;
  if (proxyProtocol !== undefined && !at.proxyProtocol) {
    return [
      {
        code: 'GW141',
        message:
          `${merged.sources.proxyProtocol} sends the PROXY protocol, ` +
          'but no gateway pod is configured to expect it (proxy.istio.io/config); ' +
          'Envoy would treat the header as data',
      },
    ];
  }
  if (!at.proxyProtocol || proxyProtocol !== undefined || iRules.length === 0) return [];
  return [
    {
      code: 'GW141',
      message: `the gateway pods expect the PROXY protocol; one of the iRules ${iRules.join(', ')} must send it`,
    },
  ];
}

/** A refusal for each object that the policy does not allow. */
function referenceProblems(
  policy: PolicyConfig,
  merged: MergedSettings,
): readonly ExposureRefusal[] {
  return referencesIn(merged.wanted).flatMap(({ setting, path }) => {
    if (forbiddenReferences(policy, [path]).length === 0) return [];
    return [
      {
        code: 'GW132',
        message:
          `${merged.sources[setting]} refers to ${path} (${setting}), ` +
          'which policy.references does not list; add it there or remove it',
      },
    ];
  });
}

/** Settings for HTTP/3: settings that suit only TCP are not applied, and this is reported. */
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
  for (const [name, row] of SETTING_ROWS) {
    if (wanted[name] === undefined || holdsOverUdp(row, wanted[name])) continue;
    left.push(`${merged.sources[name]} sets ${name}, which is not applied to HTTP/3 (UDP)`);
    // Including its source; otherwise it would be refused as incompatible.
    delete wanted[name];
    delete sources[name];
  }
  return { merged: { ...merged, wanted, sources }, left };
}

/** All refusals that depend on the mode. */
function problemsOf(
  mode: Mode,
  at: ListenerTraits,
  merged: MergedSettings,
): readonly ExposureRefusal[] {
  const unfit = SETTING_ROWS.flatMap(([name, row]) => {
    const value = unfitValue(row, merged.wanted[name], mode);
    return value === undefined
      ? []
      : `${merged.sources[name]} sets ${name} ${value}, which mode ${mode} does not support`;
  });
  return [
    modeProblem(mode, at, merged) ?? [],
    tlsProblem(mode, at, merged) ?? [],
    combinationProblems(mode, merged),
    proxyProblem(mode, at, merged) ?? [],
    unfit.map((message) => ({ code: 'GW137', message })),
  ].flat();
}

/** A setting that does not apply to UDP has the value of its absence. */
function valueFor(mode: Mode, merged: MergedSettings, name: SettingName): unknown {
  const row = settingRow(name);
  if (!takesMode(row, mode)) return undefined;
  const otherwise = mode === 'udp' && row.tcpOnly ? row.as3?.absent : row.default;
  return merged.wanted[name] ?? otherwise;
}

/**
 * All settings with their defaults, except the monitors, whose default is known only later. An
 * iRule named twice is used once.
 */
function settingsOf(mode: Mode, merged: MergedSettings): ResolvedSettings['settings'] {
  const names = SETTING_NAMES.filter((name) => name !== 'monitors');
  const named = Object.fromEntries(names.map((name) => [name, valueFor(mode, merged, name)]));
  const iRules = [...new Set(named['iRules'] as Settings['iRules'])];
  return composeSettings({ ...named, mode, iRules }) as ResolvedSettings['settings'];
}

/** A setting without a default is reported only if a source sets it. */
function isAlwaysTold(name: SettingName): boolean {
  const { home } = settingRow(name);
  return home === 'always' || home === 'place';
}

/** The source of each reported setting. */
function sourcesOf(merged: MergedSettings): Readonly<Record<string, string>> {
  const told = SETTING_NAMES.filter(
    (name) => merged.sources[name] !== undefined || isAlwaysTold(name),
  );
  return Object.fromEntries(told.map((name) => [name, merged.sources[name] ?? DEFAULT_SOURCE]));
}

/** The settings of one listener, or the refusal. */
export function resolveSettings(
  said: MergedSettings,
  at: ListenerTraits,
  policy: PolicyConfig,
): ResolvedSettings {
  const { merged, left } = at.protocol === 'udp' ? forUdp(said) : { merged: said, left: [] };
  const mode = merged.wanted.mode ?? CATALOGUE.mode.default;
  const judged = SETTING_ROWS.map((row) => judgeMode(row, mode, merged));
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

/** The same for all servers of a build: equal requests get one result. */
export function createResolver(
  policy: PolicyConfig,
): (said: MergedSettings, at: ListenerTraits) => ResolvedSettings {
  const known = new Map<string, ResolvedSettings>();
  return (said, at) => {
    const key = JSON.stringify([said.wanted, said.sources, at]);
    const resolved = known.get(key) ?? resolveSettings(said, at, policy);
    known.set(key, resolved);
    return resolved;
  };
}
