/**
 * The fields of CIS's custom resources without a setting of their own in the catalogue, and what
 * becomes of them.
 */
import type { CisPart } from '../../settings/row.ts';
import { isEmpty } from './cis-object.ts';

/**
 * `becomes`: another part of the import reads the field. `lost`: it is reported, and the virtual
 * server imported without it; a function may have nothing to report. `blocks`: if it is set, the
 * virtual server is not imported, because it would be less protected, or something else.
 */
export type Fate =
  | { readonly becomes: string }
  | { readonly lost: string; readonly when?: (value: unknown) => string | undefined }
  | { readonly blocks: string };

// One for each answer that several fields have in common.
const HOSTS: Fate = { lost: 'hosts are taken from the gateway' };
const NAMES: Fate = { lost: 'Sluice derives names on the device from address and port' };
const REWRITE: Fate = { blocks: 'URL rewriting belongs in the VirtualService' };
const ROUTE_DOMAIN: Fate = { blocks: 'virtual addresses are of route domain 0' };
const FLEETS: Fate = {
  lost: 'define clusters that share a virtual server as a fleet in sluice.yaml',
};
const ADDRESS: Fate = { becomes: 'the address that BIG-IP serves now, else `auto:<pool>`' };
const PARTITION: Fate = { becomes: '`partition` of the ingress, or `sluice.io/partition`' };
const POLICY: Fate = { becomes: 'the settings of the Policy, as a service bundle if none differs' };
const TARGET: Fate = { becomes: 'the Gateways behind this port of the Service' };
const PORT: Fate = { becomes: '`sluice.io/port`' };
const ONLY_SECRETS: Fate = {
  lost: 'is for profiles that CIS makes of Secrets; set it in the profiles on BIG-IP',
};

/** In Sluice the nodes are selected for a whole ingress, and only if nodes are its members. */
function nodeLabelLoss(value: unknown): string {
  const [, key, label] = /^([^=]+)=(.*)$/.exec(String(value)) ?? [];
  if (key === undefined)
    return `is ${JSON.stringify(value)}, not key=value; nodeSelector of the ingress in sluice.yaml selects nodes`;
  return (
    'applies to one pool; to select these nodes for all ports of the ingress, ' +
    `add "nodeSelector: {${key}: ${JSON.stringify(label)}}" to its entry in sluice.yaml`
  );
}

/** BIG-IP sees connections to the gateway, and the gateway chooses by path. */
const PATHS = 'paths come from the VirtualService; the gateway gets every path';

/** Of kind VirtualServer; fields that are settings are in the catalogue. */
const VIRTUAL_SERVER: Readonly<Record<string, Fate>> = {
  partition: PARTITION,
  host: HOSTS,
  hostAliases: HOSTS,
  hostGroup: HOSTS,
  hostGroupVirtualServerName: NAMES,
  virtualServerName: NAMES,
  virtualServerHTTPPort: PORT,
  virtualServerHTTPSPort: PORT,
  httpTraffic: { becomes: '`sluice.io/redirect-80` for `redirect` in mode https; else reported' },
  ipamLabel: ADDRESS,
  additionalVirtualServerAddresses: {
    lost: 'one exposure has one address; what CIS serves at the others is not carried',
  },
  bigipRouteDomain: ROUTE_DOMAIN,
  tlsProfileName: { becomes: 'the settings of the TLSProfile' },
  tlsProfileNamespace: { becomes: 'the settings of the TLSProfile' },
  policyName: POLICY,
  policyNamespace: POLICY,
  hostPersistence: {
    lost:
      'is persistence for one host in an LTM policy of CIS, beside that of the virtual server, which ' +
      'counts; name a method in sluice.io/persistence and a second in sluice.io/fallback-persistence, ' +
      'or write an LTM policy and name it in sluice.io/policy-endpoint',
  },
  rewriteAppRoot: REWRITE,
  pools: TARGET,
  defaultPool: TARGET,
};

/** Of kind TransportServer. */
const TRANSPORT_SERVER: Readonly<Record<string, Fate>> = {
  partition: PARTITION,
  host: HOSTS,
  hostGroup: HOSTS,
  virtualServerName: NAMES,
  ipamLabel: ADDRESS,
  bigipRouteDomain: ROUTE_DOMAIN,
  policyName: POLICY,
  policyNamespace: POLICY,
  type: { becomes: 'nothing for `tcp`; Sluice exposes UDP only for HTTP/3, and never SCTP' },
  'tls.reference': { becomes: 'which profiles are carried: only those on BIG-IP' },
  pool: TARGET,
};

/** Of kind IngressLink, which publishes all ports of a Service. */
const INGRESS_LINK: Readonly<Record<string, Fate>> = {
  partition: PARTITION,
  host: HOSTS,
  virtualServerName: NAMES,
  ipamLabel: ADDRESS,
  bigipRouteDomain: ROUTE_DOMAIN,
  multiClusterServices: FLEETS,
  selector: TARGET,
  tls: {
    blocks:
      'CIS attaches the profiles at port 443 only; ' +
      'name them in sluice.io/client-tls and sluice.io/server-tls of the Gateway behind it',
  },
};

/** Of kind TLSProfile, which VirtualServers name. */
const TLS_PROFILE: Readonly<Record<string, Fate>> = {
  hosts: { lost: 'the profiles on BIG-IP say which server name each is for' },
  'tls.termination': {
    becomes: 'mode `https` for `edge` and `reencrypt`, `tcp` for `passthrough`',
  },
  'tls.reference': { becomes: 'which profiles are carried: only those on BIG-IP' },
  'tls.clientSSLParams.profileReference': { becomes: 'the same, if the reference is `hybrid`' },
  'tls.serverSSLParams.profileReference': { becomes: 'the same, if the reference is `hybrid`' },
  'tls.clientSSLParams.renegotiationEnabled': ONLY_SECRETS,
  'tls.clientSSLParams.dtlsEnabled': ONLY_SECRETS,
  'tls.clientSSLParams.singleUseDhEnabled': ONLY_SECRETS,
  'tls.serverSSLParams.serverName': ONLY_SECRETS,
  'tls.serverSSLParams.renegotiationEnabled': ONLY_SECRETS,
  'tls.serverSSLParams.dtlsEnabled': ONLY_SECRETS,
  'tls.serverSSLParams.singleUseDhEnabled': ONLY_SECRETS,
  'tlsCipher.tlsVersion': ONLY_SECRETS,
  'tlsCipher.disableTLSVersions': ONLY_SECRETS,
  'tlsCipher.ciphers': ONLY_SECRETS,
  'tlsCipher.cipherGroup': ONLY_SECRETS,
};

/** CIS 2.20.2 has the field in its schema, and does not use it for custom resources. */
function unused(annotation: string): Fate {
  return {
    lost: `CIS does not attach it to custom resources; if it is wanted, name it in ${annotation}`,
  };
}

/** Of kind Policy, which VirtualServers and TransportServers name. */
const POLICY_FIELDS: Readonly<Record<string, Fate>> = {
  'ltmPolicies.secure': unused('sluice.io/policy-endpoint'),
  'ltmPolicies.insecure': unused('sluice.io/policy-endpoint'),
  'ltmPolicies.priority': unused('sluice.io/policy-endpoint'),
  'iRules.priority': {
    lost: 'orders iRules that CIS adds itself; those of the Policy run first, then the object’s own',
  },
  'profiles.rewriteProfile': unused('sluice.io/profile-rewrite'),
  'profiles.sslProfiles.clientProfiles': unused('sluice.io/client-tls'),
  'profiles.sslProfiles.serverProfiles': unused('sluice.io/server-tls'),
  'profiles.ftpProfile': {
    lost: 'Sluice has no FTP profile, and a gateway of Istio no FTP',
  },
  'poolSettings.multiPoolPersistence.method': {
    lost: 'keeps clients on one of several pools of CIS; Sluice has one pool, use sluice.io/persistence',
  },
  'poolSettings.multiPoolPersistence.timeOut': {
    lost: 'keeps clients on one of several pools of CIS; Sluice has one pool, use sluice.io/persistence',
  },
  defaultPool: TARGET,
};

/** Of the pools in VirtualServers and TransportServers. */
const POOL: Readonly<Record<string, Fate>> = {
  service: TARGET,
  servicePort: TARGET,
  serviceNamespace: TARGET,
  reference: { becomes: 'nothing for `service`; a pool on BIG-IP leaves the virtual server out' },
  name: NAMES,
  path: {
    lost: PATHS,
    when: (value) => (isEmpty(value) || value === '/' ? undefined : PATHS),
  },
  weight: { lost: 'set weights between Services in the VirtualService' },
  alternateBackends: { lost: 'set weights between Services in the VirtualService' },
  nodeMemberLabel: {
    lost: '`nodeSelector` of the ingress selects nodes for all its ports',
    when: nodeLabelLoss,
  },
  multiClusterServices: FLEETS,
  minimumMonitors: { lost: 'all monitors of a member must succeed' },
  rewrite: REWRITE,
  hostRewrite: { blocks: 'host rewriting belongs in the VirtualService' },
  waf: {
    blocks:
      'is a WAF policy for one path; name the one for every path in waf of the VirtualServer, ' +
      'and leave paths to an LTM policy in sluice.io/policy-endpoint',
  },
  staticPoolMembers: { blocks: 'members come from the gateway’s pods or nodes' },
};

/** By part, then by field; nested fields with dots. A field also stands for those below it. */
export const FATES: Readonly<Record<CisPart, Readonly<Record<string, Fate>>>> = {
  VirtualServer: VIRTUAL_SERVER,
  TransportServer: TRANSPORT_SERVER,
  IngressLink: INGRESS_LINK,
  TLSProfile: TLS_PROFILE,
  Policy: POLICY_FIELDS,
  pool: POOL,
};
