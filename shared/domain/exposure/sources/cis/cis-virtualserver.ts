/**
 * CIS's VirtualServer (cis.f5.com/v1): a virtual server of layer 7, which must lead only to the
 * gateway.
 */
import { isJsonObject, type JsonObject } from '../../../json-object.ts';
import {
  block,
  draftOf,
  dropUnfit,
  elsewhere,
  fieldsOf,
  lose,
  takeAddress,
  takeFields,
  type Draft,
  type FieldTable,
} from './cis-fields.ts';
import { type CisObject, isEmpty, type Reading, textOf } from './cis-object.ts';
import { POOL, readTarget, withProxyProtocol } from './cis-resources.ts';

/** A pool of a VirtualServer, which also has a path. */
const VS_POOL: FieldTable = {
  ...POOL,
  path: (draft, value, field) => {
    if (!isEmpty(value) && value !== '/')
      lose(draft, field, 'paths come from the VirtualService; the gateway gets every path');
  },
};
const SPEC = fieldsOf('spec', {
  partition: elsewhere,
  pools: elsewhere,
  tlsProfileName: elsewhere,
  httpTraffic: elsewhere,
  virtualServerHTTPPort: elsewhere,
  virtualServerHTTPSPort: elsewhere,
  ipamLabel: elsewhere,
  defaultPool: elsewhere,
  additionalVirtualServerAddresses: () =>
    'one exposure has one address; what CIS serves at the others is not carried',
});

/** The Service port that a pool leads to. */
interface TargetsRead {
  readonly service: string;
  readonly port: number;
}

/**
 * The common target of all pools; undefined if there are several, which BIG-IP would distinguish by
 * path.
 */
function targetOf(
  draft: Draft,
  object: CisObject,
  services: readonly CisObject[],
): TargetsRead | undefined {
  const list = Array.isArray(object.spec['pools']) ? (object.spec['pools'] as unknown[]) : [];
  const other = isJsonObject(object.spec['defaultPool']) ? [object.spec['defaultPool']] : [];
  const targets = [...list.filter(isJsonObject), ...other].map((pool, i) => {
    const prefix = i < list.length ? `spec.pools[${i}]` : 'spec.defaultPool';
    takeFields(draft, pool, VS_POOL, `${prefix}.`);
    return readTarget(draft, pool, { object, services, prefix });
  });
  const [first] = targets;
  if (first === undefined || targets.includes(undefined)) {
    if (targets.length === 0) lose(draft, 'spec.pools', 'is missing, or is no list of pools');
    draft.blocked = true;
    return undefined;
  }
  if (targets.some((one) => one?.service !== first.service || one.port !== first.port))
    block(
      draft,
      'spec.pools',
      'paths that lead to several Services or ports belong in a VirtualService',
    );
  return first;
}

/** The port on BIG-IP: the plain one, or the TLS port that BIG-IP passes through. */
function frontendOf(
  draft: Draft,
  { spec, namespace }: CisObject,
  profiles: readonly CisObject[],
): number {
  const profileName = textOf(spec['tlsProfileName']);
  const port = (field: string, usual: number): number =>
    typeof spec[field] === 'number' && spec[field] > 0 ? spec[field] : usual;
  const traffic = textOf(spec['httpTraffic']);
  if (profileName === undefined) {
    if (traffic !== undefined)
      lose(draft, 'spec.httpTraffic', 'has no effect without a TLSProfile');
    if (!isEmpty(spec['virtualServerHTTPSPort']))
      lose(draft, 'spec.virtualServerHTTPSPort', 'has no effect without a TLSProfile');
    draft.wanted.mode ??= 'http';
    return port('virtualServerHTTPPort', 80);
  }
  if (
    !passesThrough(profiles.find((one) => one.namespace === namespace && one.name === profileName))
  )
    block(
      draft,
      'spec.tlsProfileName',
      `TLSProfile ${profileName} lets BIG-IP terminate TLS, or is not in these files; ` +
        'the gateway terminates it for Sluice',
    );
  if (traffic === 'allow' || traffic === 'redirect')
    lose(
      draft,
      'spec.httpTraffic',
      `${traffic}: port ${port('virtualServerHTTPPort', 80)} is not carried; ` +
        `let a Gateway open it${traffic === 'redirect' ? ' with httpsRedirect' : ''}`,
    );
  draft.wanted.mode = 'tcp';
  return port('virtualServerHTTPSPort', 443);
}

/** Whether BIG-IP forwards TLS without terminating it. */
function passesThrough(profile: CisObject | undefined): boolean {
  const tls: JsonObject = isJsonObject(profile?.spec['tls']) ? profile.spec['tls'] : {};
  return tls['termination'] === 'passthrough';
}

/**
 * Reads a VirtualServer with its TLSProfile. Returns a virtual server, or only the list of what is
 * lost.
 */
export function readVirtualServer(
  object: CisObject,
  services: readonly CisObject[],
  profiles: readonly CisObject[],
): Reading {
  const draft = draftOf(object);
  takeFields(draft, object.spec, SPEC, 'spec.');
  const virtualPort = frontendOf(draft, object, profiles);
  const target = targetOf(draft, object, services);
  if (target === undefined || draft.blocked) return { notCarried: draft.lost };
  dropUnfit(draft);
  takeAddress(draft, object.spec['ipamLabel'], object.status['vsAddress']);
  const { port: _, ...wanted } = draft.wanted;
  return {
    server: {
      object: draft.object,
      service: target.service,
      servicePort: target.port,
      virtualPort,
      partition: textOf(object.spec['partition']),
      wanted: withProxyProtocol(wanted),
      stays: false,
      needsGateway: true,
    },
    notCarried: draft.lost,
  };
}
