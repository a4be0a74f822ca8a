/** TLS at BIG-IP: CIS's TLSProfile, and `tls` of a TransportServer. */
import { isJsonObject, type JsonObject } from '../../../json-object.ts';
import { blockImport, type Draft, draftOf, reportLost } from './cis-draft.ts';
import { takeFields } from './cis-fields.ts';
import { findReferred } from './cis-lookup.ts';
import { type CisObject, isEmpty, textOf } from './cis-object.ts';

/** Where the TLS of clients ends. */
export type TlsEnd = 'none' | 'gateway' | 'bigip';

/** The two sides of BIG-IP, with the fields of their profiles. */
const SIDES = [
  { fields: ['clientSSLs', 'clientSSL'], params: 'clientSSLParams', annotation: 'client-tls' },
  { fields: ['serverSSLs', 'serverSSL'], params: 'serverSSLParams', annotation: 'server-tls' },
] as const;

/** The profiles of a side, if it has any. */
function isSet(tls: JsonObject, { fields }: (typeof SIDES)[number]): boolean {
  return fields.some((field) => !isEmpty(tls[field]));
}

/** Where the profiles of a side are: `bigip`, `secret`, or what the object says instead. */
function placeOf(tls: JsonObject, { params }: (typeof SIDES)[number]): unknown {
  const own = tls[params];
  return tls['reference'] !== 'hybrid'
    ? tls['reference']
    : isJsonObject(own)
      ? own['profileReference']
      : undefined;
}

/** `tls` without profiles that are not on BIG-IP, each of which blocks the virtual server. */
export function onBigIp(draft: Draft, tls: JsonObject): JsonObject {
  const left = SIDES.filter((side) => isSet(tls, side) && placeOf(tls, side) !== 'bigip');
  for (const side of left) {
    const field = side.fields.find((one) => !isEmpty(tls[one]));
    const place = placeOf(tls, side);
    blockImport(
      draft,
      `spec.tls.${field}`,
      place === 'secret'
        ? 'names Secrets, and Sluice reads no certificates from them; create an SSL profile on ' +
            `BIG-IP, and name it here with reference bigip, or in sluice.io/${side.annotation}`
        : `has the reference ${JSON.stringify(place ?? null)}, which CIS does not know; say bigip`,
    );
  }
  const names = new Set<string>(left.flatMap(({ fields }) => fields));
  return Object.fromEntries(Object.entries(tls).filter(([key]) => !names.has(key)));
}

/** Why CIS refuses a TLSProfile with these profiles. */
function whyInvalid(tls: JsonObject): string | undefined {
  const termination = tls['termination'];
  const [client, server] = SIDES.map((side) => isSet(tls, side));
  if (termination === 'passthrough')
    return client || server ? 'passthrough takes no SSL profiles' : undefined;
  if (termination !== 'edge' && termination !== 'reencrypt')
    return `termination ${JSON.stringify(termination ?? null)} is not edge, reencrypt or passthrough`;
  if (!client) return `${termination} needs clientSSLs`;
  if (termination === 'edge' && server) return 'edge takes no serverSSLs; reencrypt does';
  return termination === 'reencrypt' && !server ? 'reencrypt needs serverSSLs' : undefined;
}

/** Reads the TLSProfile that a VirtualServer names into its draft. */
export function takeTlsProfile(
  draft: Draft,
  { spec, namespace }: CisObject,
  all: readonly CisObject[],
): TlsEnd {
  const name = textOf(spec['tlsProfileName']);
  if (name === undefined) {
    if (!isEmpty(spec['tlsProfileNamespace']))
      reportLost(draft, 'spec.tlsProfileNamespace', 'has no effect without tlsProfileName');
    return 'none';
  }
  const place = textOf(spec['tlsProfileNamespace']) ?? namespace;
  const found = findReferred(all, { kind: 'TLSProfile', namespace: place, name });
  if ('problem' in found) {
    blockImport(draft, 'spec.tlsProfileName', found.problem);
    return 'bigip';
  }
  const tls = isJsonObject(found.spec['tls']) ? found.spec['tls'] : {};
  const own = draftOf(found);
  const invalid = whyInvalid(tls);
  if (invalid !== undefined) blockImport(own, 'spec.tls', `${invalid}, so CIS does not use it`);
  takeFields(own, 'TLSProfile', { ...found.spec, tls: onBigIp(own, tls) }, 'spec.');
  draft.lost.push(...own.lost);
  if (own.blocked)
    blockImport(draft, 'spec.tlsProfileName', `needs ${own.object}, which is not carried`);
  if (tls['termination'] === 'passthrough') return 'gateway';
  Object.assign(draft.wanted, own.wanted);
  Object.assign(draft.setBy, own.setBy);
  return 'bigip';
}
