/** Objects of CIS that cannot be imported; each is listed once. */
import { type CisObject, cisObjectName, type NotCarried } from './cis-object.ts';

/** Kinds of CIS without a counterpart, with the reason. */
const CIS_KINDS: Readonly<Record<string, string>> = {
  ExternalDNS: 'Sluice does not configure BIG-IP DNS; leave it to CIS or external-dns',
};

/** Undefined for objects that CIS does not read. */
export function listedOnly(object: CisObject): NotCarried | undefined {
  const { group, kind, annotations } = object;
  const list = (field: string, reason: string): NotCarried => ({
    object: cisObjectName(object),
    field,
    reason,
  });
  const f5 = Object.keys(annotations).filter((name) =>
    /^(virtual-server|cis)\.f5\.com\//.test(name),
  );
  if (group === 'cis.f5.com')
    return list('kind', CIS_KINDS[kind] ?? 'Sluice does not know this kind of CIS');
  if (group === 'fic.f5.com')
    return list(
      'kind',
      'addresses come from addressPools in sluice.yaml, not from F5’s IPAM controller',
    );
  if (kind === 'Ingress' && (f5.length > 0 || usesF5Class(object)))
    return list(
      'kind',
      'CIS routes its hosts and paths on BIG-IP; write a Gateway and a VirtualService',
    );
  if (group === 'route.openshift.io' && kind === 'Route')
    return list(
      'kind',
      'Sluice reads no Routes; where CIS serves it, write a Gateway and a VirtualService',
    );
  return undefined;
}

/** By the field or by the annotation that preceded it. */
function usesF5Class({ spec, annotations }: CisObject): boolean {
  return [spec['ingressClassName'], annotations['kubernetes.io/ingress.class']].includes('f5');
}
