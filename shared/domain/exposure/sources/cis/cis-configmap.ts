/** The ConfigMaps that CIS reads. */
import type { ConfigMap } from '../../../snapshot/objects.ts';
import { readConfigMap } from '../f5-configmap.ts';
import { type CisObject, cisObjectName, type NotCarried, type Reading } from './cis-object.ts';

/** Undefined for a ConfigMap that is not meant for CIS. */
export function readCisConfigMap(object: CisObject): Reading | undefined {
  const { labels, data } = object;
  if (labels['f5type'] === 'virtual-server') return readVirtualServerMap(object);
  const own = labels['f5nr'] ?? data['extendedSpec'] ?? data['extendedRouteSpec'];
  if (own === undefined) return undefined;
  const reason = 'holds settings of CIS itself; Sluice has its own in sluice.yaml';
  return { notCarried: [{ object: cisObjectName(object), field: 'data', reason }] };
}

/** A ConfigMap of the kind that Sluice reads itself, so the same reader decides. */
function readVirtualServerMap(object: CisObject): Reading {
  const meta: ConfigMap['meta'] = {
    namespace: object.namespace,
    name: object.name,
    uid: '',
    created: object.created,
    resourceVersion: '',
    labels: { ...object.labels },
    annotations: { ...object.annotations },
  };
  const read = readConfigMap({ meta, data: { ...object.data } });
  const { wanted, refusals, notes } = read.layer;
  const { partition, port, ...rest } = wanted;
  const name = cisObjectName(object);
  const lost: NotCarried[] = [...refusals, ...notes].map(({ code, message }) => ({
    object: name,
    field: code,
    reason: message.replace(`${name}: `, ''),
  }));
  const left = leftOut(wanted.mode, notes);
  if (left !== undefined)
    lost.push({
      object: name,
      field: left.field,
      reason: `${left.reason}; the whole virtual server is left out`,
    });
  const usable = left === undefined && refusals.every(({ code }) => code === 'GW143');
  if (!usable || read.service === undefined || read.port === undefined) return { notCarried: lost };
  return {
    server: {
      object: name,
      service: `${read.namespace}/${read.service}`,
      servicePort: read.port,
      virtualPort: port,
      partition,
      wanted: rest,
      stays: refusals.length === 0,
      needsGateway: false,
    },
    notCarried: lost,
  };
}

/** The reasons why Sluice would create a different virtual server, or why CIS creates none. */
function leftOut(
  mode: string | undefined,
  notes: readonly { readonly code: string }[],
): { readonly field: string; readonly reason: string } | undefined {
  if (mode === 'udp')
    return {
      field: 'mode',
      reason:
        'udp is not possible: Istio gateways listen on TCP, and on UDP only for HTTP/3, ' +
        'which Sluice exposes automatically',
    };
  if (notes.some(({ code }) => code === 'GW144'))
    return {
      field: 'virtualAddress',
      reason: 'is missing, so CIS makes a pool and no virtual server',
    };
  return undefined;
}
