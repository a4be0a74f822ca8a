/**
 * Every property of the AS3 classes that a virtual server, its address and its pool are made of:
 * by which setting Sluice supports it, or why not. The names are those of AS3's schema 3.56.
 */
import { SETTING_ROWS } from '../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import type { As3Property } from '../../shared/domain/exposure/settings/row.ts';

type As3Object = As3Property['object'];

/**
 * `setting`: the rows of the catalogue that set it; `elsewhere`: what else of Sluice does. `refused`:
 * useful to somebody, and Sluice does not offer it. `none`: it has no meaning here.
 */
type Verdict =
  | { readonly setting: readonly string[] }
  | { readonly elsewhere: string }
  | { readonly refused: string }
  | { readonly none: string };

/** A property of a class with its verdict. */
export interface PropertyVerdict {
  /** Name in AS3's schema. */
  readonly property: string;
  /** Shown in docs/reference/settings.md. */
  readonly verdict: Verdict;
}

const SSL_ORCHESTRATOR = 'SSL Orchestrator attaches it to virtual servers of its own';
const TOO_NEW = 'BIG-IP 21.0; AS3 ignores it without a word on earlier versions';
/** Reason of properties that only people read. */
const MARK = 'a note on the object; the device has the name of the application there';
/** Reason of properties that the class of the service decides. */
const CLASS = 'follows from `mode`';

/** Verdicts on properties that no row of the catalogue sets. */
const OTHERS: Readonly<Record<As3Object, Readonly<Record<string, Verdict>>>> = {
  virtual: {
    class: { none: CLASS },
    label: { none: 'a comment in the declaration' },
    remark: { none: MARK },
    metadata: { none: 'marks of other programs' },
    virtualAddresses: { setting: ['virtualAddress'] },
    virtualPort: { setting: ['port'] },
    layer4: { none: 'follows from the listener' },
    pool: { none: 'the pool of the exposure' },
    enable: { none: 'removes the virtual server; delete the Gateway instead' },
    adminState: { elsewhere: '`policy.drift: adopt` keeps what a person sets' },
    shareAddresses: { refused: 'Sluice writes only to its own partitions, not to /Common' },
    virtualType: {
      refused: 'internal virtual servers belong to request adaptation, not to clients',
    },
    policyIAM: { refused: 'the same object as `profileAccess`, under an older name' },
    profileIPOther: { refused: 'only for protocols other than TCP and UDP' },
    profileService: { refused: SSL_ORCHESTRATOR },
    profileSplitsessionClient: { refused: SSL_ORCHESTRATOR },
    profileConnector: { refused: SSL_ORCHESTRATOR },
    profileSSE: { refused: TOO_NEW },
    profileJSON: { refused: TOO_NEW },
  },
  address: {
    class: { none: 'always `Service_Address`' },
    label: { none: 'a comment in the declaration' },
    remark: { none: 'a comment in the declaration' },
    virtualAddress: { setting: ['virtualAddress'] },
    autoDelete: { none: 'only in /Common' },
    useIpName: { none: 'always true, so that the address keeps its name on the device' },
  },
  pool: {
    class: { none: 'always `Pool`' },
    label: { none: 'a comment in the declaration' },
    remark: { none: MARK },
    metadata: { none: 'marks of other programs' },
    members: { elsewhere: 'the pods or nodes' },
    monitors: { setting: ['monitors'] },
    minimumMonitors: {
      refused: 'always `all`, because otherwise one passing monitor hides a failing one',
    },
    minimumMembersActive: {
      elsewhere: '`fleets[].minimumActive`; without priority groups it does nothing',
    },
  },
};

/** The properties of each class, in the order of AS3's schema. */
const CLASSES = {
  Service_Core: [
    'virtual',
    'label remark virtualAddresses serviceDownImmediateAction shareAddresses sourceAddress enable ' +
      'maxConnections snat iRules pool addressStatus mirroring policyBandwidthControl ' +
      'policyFirewallEnforced policyFirewallStaged policyNAT policyIdleTimeout lastHop ' +
      'translateClientPort translateServerAddress translateServerPort serversslUseSni nat64Enabled ' +
      'httpMrfRoutingEnabled persistenceMethods fallbackPersistenceMethod allowVlans rejectVlans ' +
      'securityLogProfiles profileDiameterEndpoint profileEnforcement profileSubscriberManagement ' +
      'profileIPOther profileClassification profileDNS profileStatistics profileTrafficLog ' +
      'profileRewrite profileProtocolInspection metadata rateLimit clonePools maximumBandwidth ' +
      'ipIntelligencePolicy profileIntegratedBotDefense adminState',
  ],
  Service_TCP_Core: [
    'virtual',
    'virtualType virtualPort layer4 profileFIX profileTCP profileAnalyticsTcp profileService ' +
      'profileSplitsessionClient profileSSHProxy serverTLS clientTLS policyEndpoint profileStream',
  ],
  Service_HTTP_Core: [
    'virtual',
    'persistenceMethods profileAnalytics profileAnalyticsTcp profileService ' +
      'profileSplitsessionClient profileSSE profileConnector profileHTTP profileHTTPCompression ' +
      'profileHTTPAcceleration profileHTML profileJSON profileMultiplex profileNTLM policyWAF ' +
      'policyIAM profileFPS profileRequestAdapt profileResponseAdapt profileAccess ' +
      'profilePingAccess profileConnectivity policyPerRequestAccess profileVdi ' +
      'profileApiProtection profileDOS profileBotDefense profileWebSocket',
  ],
  Service_HTTPS: ['virtual', 'class virtualPort redirect80 profileHTTP2'],
  Service_L4_Core: [
    'virtual',
    'virtualPort layer4 profileFIX profileL4 profileAnalyticsTcp profileSplitsessionClient',
  ],
  Service_Address: [
    'address',
    'class label remark virtualAddress arpEnabled icmpEcho serverScope routeAdvertisement ' +
      'spanningEnabled trafficGroup autoDelete useIpName',
  ],
  Pool: [
    'pool',
    'class label remark allowNATEnabled allowSNATEnabled loadBalancingMode minimumMembersActive ' +
      'monitors minimumMonitors members metadata reselectTries serviceDownAction slowRampTime',
  ],
} as const satisfies Readonly<Record<string, readonly [As3Object, string]>>;

/** The classes of AS3 whose properties are on the page of settings. */
export const AS3_CLASSES = Object.keys(CLASSES) as readonly (keyof typeof CLASSES)[];

/** The names of a class's properties. */
export function propertiesOf(name: keyof typeof CLASSES): readonly string[] {
  return CLASSES[name][1].split(' ');
}

/** Undefined for a property on which nothing is said. */
function verdictOn(object: As3Object, property: string): Verdict | undefined {
  const setting = SETTING_ROWS.flatMap(([name, { as3 }]) =>
    as3?.object === object && as3.property === property ? [name] : [],
  );
  return setting.length > 0 ? { setting } : OTHERS[object][property];
}

/** The properties of a class with their verdicts; those without one are missing. */
export function verdictsOf(name: keyof typeof CLASSES): readonly PropertyVerdict[] {
  const [object] = CLASSES[name];
  return propertiesOf(name).flatMap((property) => {
    const verdict = verdictOn(object, property);
    return verdict === undefined ? [] : [{ property, verdict }];
  });
}

/** Verdicts on a property that no class has, or that a row of the catalogue sets by now. */
export function idleVerdicts(): readonly string[] {
  const known = AS3_CLASSES.flatMap((name) =>
    propertiesOf(name).map((property) => `${CLASSES[name][0]} ${property}`),
  );
  return Object.entries(OTHERS).flatMap(([object, verdicts]) =>
    Object.keys(verdicts).filter((property) => {
      const isSet = SETTING_ROWS.some(
        ([, { as3 }]) => as3?.object === object && as3.property === property,
      );
      return isSet || !known.includes(`${object} ${property}`);
    }),
  );
}

/** The cell of the table; settings are links to their sections. */
function sentenceOf(verdict: Verdict): string {
  if ('setting' in verdict)
    return verdict.setting.map((name) => `[${name}](#${name.toLowerCase()})`).join(', ');
  if ('elsewhere' in verdict) return verdict.elsewhere;
  return 'refused' in verdict ? `not supported: ${verdict.refused}` : verdict.none;
}

const isSupported = ({ verdict }: PropertyVerdict): boolean =>
  'setting' in verdict || 'elsewhere' in verdict;

/** The section of the reference page. */
export function as3Section(): string {
  const counts = AS3_CLASSES.map((name) => {
    const all = verdictsOf(name);
    const supported = all.filter(isSupported).length;
    const refused = all.filter(({ verdict }) => 'refused' in verdict).length;
    const cells = [all.length, supported, refused, all.length - supported - refused];
    return `| \`${name}\` | ${cells.join(' | ')} |`;
  });
  const tables = AS3_CLASSES.map((name) =>
    [
      `### ${name}\n`,
      '| property | setting, or why there is none |',
      '|---|---|',
      ...verdictsOf(name).map(
        ({ property, verdict }) => `| \`${property}\` | ${sentenceOf(verdict)} |`,
      ),
      '',
    ].join('\n'),
  );
  return [
    '## Properties of AS3\n',
    'Every property of the AS3 classes (3.56) from which Sluice makes a virtual server, its address',
    'and its pool. A class also has the properties of the class that it extends: `Service_HTTPS`',
    'those of `Service_HTTP_Core`, that those of `Service_TCP_Core`, and that those of',
    '`Service_Core`.\n',
    '| class | properties | supported | not supported | without meaning here |',
    '|---|---|---|---|---|',
    ...counts,
    '',
    ...tables,
  ].join('\n');
}
