/** Security services of BIG-IP, by reference or as a limit. */
import * as z from 'zod';
import { CIS_READERS, cisPath, ESSENTIAL, ONLY_VIRTUAL_SERVERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import { pathRow, pathsRow, plainRow } from './new-rows.ts';

const HTTP = ['http', 'https'] as const;

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const SECURITY = {
  // AS3 makes an LTM policy for it and attaches a profile of its own (as3.md §9.7).
  policyWaf: pathRow({
    help: 'WAF policy.',
    annotation: 'policy-waf',
    aliases: ['virtual-server.f5.com/waf'],
    property: 'policyWAF',
    device: [{ policies: 'waf' }, { profile: 'all', instead: ['/Common/websecurity'] }],
    modes: HTTP,
    reference: 'wafPolicy',
    example: '/Common/waf',
    cis: [
      cisPath(['VirtualServer'], 'waf', ESSENTIAL),
      cisPath(['Policy'], 'l7Policies.waf', { ...ESSENTIAL, ...ONLY_VIRTUAL_SERVERS }),
    ],
  }),
  profileBotDefense: pathRow({
    help: 'Bot defense profile.',
    annotation: 'profile-bot-defense',
    property: 'profileBotDefense',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'botDefense',
    example: '/Common/bot-defense',
    cis: [
      cisPath(['VirtualServer', 'TransportServer'], 'botDefense', ESSENTIAL),
      cisPath(['Policy'], 'l3Policies.botDefense', ESSENTIAL),
    ],
  }),
  // Older devices ignore it without a word (as3.md §9.7).
  profileIntegratedBotDefense: pathRow({
    help: 'Profile of F5 Distributed Cloud Bot Defense; BIG-IP 17.0 or newer.',
    annotation: 'profile-integrated-bot-defense',
    property: 'profileIntegratedBotDefense',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'integratedBotDefense',
    example: '/Common/bd',
  }),
  // AS3 attaches it to every class, although its schema has it for HTTP only (as3.md §9.7).
  profileDos: pathRow({
    help: 'DoS protection profile.',
    annotation: 'profile-dos',
    property: 'profileDOS',
    device: [{ profile: 'all' }],
    reference: 'dosProfile',
    example: '/Common/dos',
    cis: [
      cisPath(['VirtualServer', 'TransportServer'], 'dos', ESSENTIAL),
      cisPath(['Policy'], 'l3Policies.dos', ESSENTIAL),
    ],
  }),
  policyFirewallEnforced: pathRow({
    help: 'Network firewall policy that is enforced.',
    annotation: 'policy-firewall-enforced',
    property: 'policyFirewallEnforced',
    device: [{ field: 'fwEnforcedPolicy', label: 'firewall policy', absent: 'none' }],
    reference: 'firewallPolicy',
    example: '/Common/firewall',
    cis: [cisPath(['Policy'], 'l3Policies.firewallPolicy', ESSENTIAL)],
  }),
  policyFirewallStaged: pathRow({
    help: 'Network firewall policy that is only evaluated and logged.',
    annotation: 'policy-firewall-staged',
    property: 'policyFirewallStaged',
    device: [{ field: 'fwStagedPolicy', label: 'staged firewall policy', absent: 'none' }],
    reference: 'firewallPolicy',
    example: '/Common/firewall-staged',
  }),
  policyNat: pathRow({
    help: 'NAT policy.',
    annotation: 'policy-nat',
    property: 'policyNAT',
    device: [{ field: 'securityNatPolicy', key: 'policy', label: 'NAT policy', absent: 'none' }],
    reference: 'natPolicy',
    example: '/Common/nat',
  }),
  policyIpIntelligence: pathRow({
    help: 'IP intelligence policy.',
    annotation: 'policy-ip-intelligence',
    property: 'ipIntelligencePolicy',
    device: [{ field: 'ipIntelligencePolicy', label: 'IP intelligence policy', absent: 'none' }],
    reference: 'ipIntelligence',
    example: '/Common/ip-intelligence',
    cis: [cisPath(['Policy'], 'l3Policies.ipIntelligencePolicy', ESSENTIAL)],
  }),
  profileProtocolInspection: pathRow({
    help: 'Protocol inspection profile.',
    annotation: 'profile-protocol-inspection',
    property: 'profileProtocolInspection',
    device: [{ profile: 'all' }],
    reference: 'protocolInspection',
    example: '/Common/inspection',
    cis: [
      cisPath(
        ['VirtualServer', 'TransportServer', 'Policy'],
        'profiles.profileProtocolInspection',
        ESSENTIAL,
      ),
    ],
  }),
  // AS3 attaches the other two profiles with it (as3.md §9.7).
  profileAccess: pathRow({
    help: 'Access profile (per-session policy).',
    annotation: 'profile-access',
    property: 'profileAccess',
    device: [{ profile: 'all', others: ['/Common/rba', '/Common/websso'] }],
    modes: HTTP,
    reference: 'access',
    example: '/Common/access',
    cis: [
      cisPath(['VirtualServer'], 'profileAccess', ESSENTIAL),
      cisPath(['Policy'], 'l7Policies.profileAccess', { ...ESSENTIAL, ...ONLY_VIRTUAL_SERVERS }),
    ],
  }),
  // AS3 takes it only beside an access or PingAccess profile (as3.md §9.7); `combinations.ts` says
  // so first.
  policyPerRequestAccess: pathRow({
    help: 'Per-request access policy; needs `profileAccess` or `profilePingAccess`.',
    annotation: 'policy-per-request-access',
    property: 'policyPerRequestAccess',
    device: [
      {
        field: 'perFlowRequestAccessPolicy',
        label: 'per-request access policy',
        absent: 'none',
      },
    ],
    modes: HTTP,
    reference: 'accessPolicy',
    example: '/Common/per-request',
    cis: [
      cisPath(['VirtualServer'], 'policyPerRequestAccess', ESSENTIAL),
      cisPath(['Policy'], 'l7Policies.policyPerRequestAccess', {
        ...ESSENTIAL,
        ...ONLY_VIRTUAL_SERVERS,
      }),
    ],
  }),
  profilePingAccess: pathRow({
    help: 'PingAccess profile.',
    annotation: 'profile-ping-access',
    property: 'profilePingAccess',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'pingAccess',
    example: '/Common/ping-access',
  }),
  profileConnectivity: pathRow({
    help: 'Connectivity profile; needs `profileAccess` or `profilePingAccess`.',
    annotation: 'profile-connectivity',
    property: 'profileConnectivity',
    device: [{ profile: 'clientside', others: ['/Common/ppp'] }],
    modes: HTTP,
    reference: 'connectivity',
    example: '/Common/connectivity',
  }),
  profileVdi: pathRow({
    help: 'VDI profile.',
    annotation: 'profile-vdi',
    property: 'profileVdi',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'vdi',
    example: '/Common/vdi',
  }),
  profileApiProtection: pathRow({
    help: 'API protection profile.',
    annotation: 'profile-api-protection',
    property: 'profileApiProtection',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'apiProtection',
    example: '/Common/api-protection',
    cis: [
      cisPath(['VirtualServer'], 'profileApiProtection', ESSENTIAL),
      cisPath(['Policy'], 'l7Policies.profileApiProtection', {
        ...ESSENTIAL,
        ...ONLY_VIRTUAL_SERVERS,
      }),
    ],
  }),
  profileFps: pathRow({
    help: 'Anti-fraud profile (FPS, DataSafe).',
    annotation: 'profile-fps',
    property: 'profileFPS',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'antiFraud',
    example: '/Common/fps',
  }),
  profileSshProxy: pathRow({
    help: 'SSH proxy profile.',
    annotation: 'profile-ssh-proxy',
    property: 'profileSSHProxy',
    device: [{ profile: 'all' }],
    modes: ['tcp'],
    reference: 'sshProxy',
    example: '/Common/ssh-proxy',
  }),
  securityLogProfiles: pathsRow({
    help: 'Security log profiles.',
    annotation: 'security-log-profiles',
    property: 'securityLogProfiles',
    device: [{ field: 'securityLogProfiles', label: 'security log profiles', absent: 'none' }],
    reference: 'securityLog',
    example: ['/Common/log-all', '/Common/log-illegal'],
    cis: [{ parts: ['Policy'], field: 'profiles.logProfiles', read: CIS_READERS.pathList }],
  }),
  // Nothing of its own to compare: the device has one list of VLANs with a flag, see `vlans`.
  rejectVlans: pathsRow({
    help: 'VLANs that are refused; not together with `vlans`.',
    annotation: 'reject-vlans',
    property: 'rejectVlans',
    device: [],
    reference: 'vlan',
    example: ['/Common/internal'],
  }),
  rateLimit: plainRow({
    help: 'Maximum number of new connections per second; 0 means unlimited. Default 0.',
    annotation: 'rate-limit',
    property: 'rateLimit',
    schema: z.int().min(0).max(2_147_483_647),
    absent: 0,
    device: [
      { field: 'rateLimit', label: 'rate limit', values: { 0: 'disabled' }, absent: 'disabled' },
    ],
    examples: [500],
  }),
  // No reference whose kind would tell the module, so it is named here (as3.md §9.7).
  maximumBandwidth: plainRow({
    help: 'Maximum bandwidth in Mbps. Default unlimited.',
    annotation: 'maximum-bandwidth',
    property: 'maximumBandwidth',
    schema: z.int().min(10).max(1_000_000),
    device: [{ field: 'throughputCapacity', label: 'maximum bandwidth', absent: 'infinite' }],
    modules: ['afm'],
    examples: [100],
  }),
  policyBandwidthControl: pathRow({
    help: 'Static bandwidth control policy.',
    annotation: 'policy-bandwidth-control',
    property: 'policyBandwidthControl',
    device: [{ field: 'bwcPolicy', label: 'bandwidth control policy', absent: 'none' }],
    reference: 'bandwidthPolicy',
    example: '/Common/bandwidth',
  }),
} as const satisfies SettingRows;
