/** Services of BIG-IP for HTTP, by reference. */
import { cisPath, ESSENTIAL, ONLY_VIRTUAL_SERVERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import { pathRow } from './new-rows.ts';

const HTTP = ['http', 'https'] as const;

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const HTTP_SERVICES = {
  profileHttpCompression: pathRow({
    help: 'HTTP compression profile.',
    annotation: 'profile-http-compression',
    property: 'profileHTTPCompression',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'httpCompression',
    example: '/Common/httpcompression',
    cis: [
      cisPath(['VirtualServer'], 'httpCompressionProfile'),
      cisPath(['Policy'], 'profiles.httpCompressionProfile', ONLY_VIRTUAL_SERVERS),
    ],
  }),
  profileHttpAcceleration: pathRow({
    help: 'Web acceleration profile.',
    annotation: 'profile-http-acceleration',
    property: 'profileHTTPAcceleration',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'webAcceleration',
    example: '/Common/webacceleration',
  }),
  profileMultiplex: pathRow({
    help: 'OneConnect profile: connections to members serve several clients.',
    annotation: 'profile-multiplex',
    property: 'profileMultiplex',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'oneConnect',
    example: '/Common/oneconnect',
    cis: [
      cisPath(['VirtualServer'], 'profileMultiplex'),
      cisPath(['Policy'], 'profiles.profileMultiplex', ONLY_VIRTUAL_SERVERS),
    ],
  }),
  profileWebSocket: pathRow({
    help: 'WebSocket profile.',
    annotation: 'profile-web-socket',
    property: 'profileWebSocket',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'webSocket',
    example: '/Common/websocket',
    cis: [cisPath(['Policy'], 'profiles.profileWebSocket', ONLY_VIRTUAL_SERVERS)],
  }),
  profileAnalytics: pathRow({
    help: 'HTTP analytics profile.',
    annotation: 'profile-analytics',
    property: 'profileAnalytics',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'analytics',
    example: '/Common/analytics',
    cis: [cisPath(['Policy'], 'profiles.analyticsProfiles.http', ONLY_VIRTUAL_SERVERS)],
  }),
  profileHtml: pathRow({
    help: 'HTML profile.',
    annotation: 'profile-html',
    property: 'profileHTML',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'html',
    example: '/Common/html',
    cis: [
      cisPath(['VirtualServer'], 'htmlProfile'),
      cisPath(['Policy'], 'profiles.htmlProfile', ONLY_VIRTUAL_SERVERS),
    ],
  }),
  profileNtlm: pathRow({
    help: 'NTLM profile.',
    annotation: 'profile-ntlm',
    property: 'profileNTLM',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'ntlm',
    example: '/Common/ntlm',
  }),
  profileRewrite: pathRow({
    help: 'Rewrite profile.',
    annotation: 'profile-rewrite',
    property: 'profileRewrite',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'rewrite',
    example: '/Common/rewrite',
  }),
  // Each of the two is attached on one side only (as3.md §9.7).
  profileRequestAdapt: pathRow({
    help: 'Request adapt profile (ICAP).',
    annotation: 'profile-request-adapt',
    property: 'profileRequestAdapt',
    device: [{ profile: 'clientside' }],
    modes: HTTP,
    reference: 'requestAdapt',
    example: '/Common/requestadapt',
    cis: [
      cisPath(['VirtualServer'], 'profileAdapt.request', ESSENTIAL),
      cisPath(['Policy'], 'l7Policies.profileAdapt.request', {
        ...ESSENTIAL,
        ...ONLY_VIRTUAL_SERVERS,
      }),
    ],
  }),
  profileResponseAdapt: pathRow({
    help: 'Response adapt profile (ICAP).',
    annotation: 'profile-response-adapt',
    property: 'profileResponseAdapt',
    device: [{ profile: 'serverside' }],
    modes: HTTP,
    reference: 'responseAdapt',
    example: '/Common/responseadapt',
    cis: [
      cisPath(['VirtualServer'], 'profileAdapt.response', ESSENTIAL),
      cisPath(['Policy'], 'l7Policies.profileAdapt.response', {
        ...ESSENTIAL,
        ...ONLY_VIRTUAL_SERVERS,
      }),
    ],
  }),
  // The only one of these that AS3 refuses on a class that has no HTTP, `Service_L4` (as3.md §9.7).
  profileTrafficLog: pathRow({
    help: 'Request logging profile.',
    annotation: 'profile-traffic-log',
    property: 'profileTrafficLog',
    device: [{ profile: 'all' }],
    modes: HTTP,
    reference: 'requestLog',
    example: '/Common/request-log',
    cis: [cisPath(['Policy'], 'profiles.requestLogProfile', ONLY_VIRTUAL_SERVERS)],
  }),
} as const satisfies SettingRows;
