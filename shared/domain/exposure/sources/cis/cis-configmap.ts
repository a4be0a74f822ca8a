import type { ConfigMap } from '../../../snapshot/objects.ts';
import {
  annotationsFor,
  type CisObject,
  cisObjectName,
  type ImportedObject,
} from './cis-object.ts';
import { readConfigMap } from '../f5-configmap.ts';

export function readCisConfigMap(object: CisObject): ImportedObject {
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
  const { partition, ...rest } = wanted;
  const usable = refusals.every((refusal) => refusal.code === 'GW143');
  const lost = [...refusals, ...notes].map(({ code, message }) => ({
    object: cisObjectName(object),
    field: code,
    reason: message.replace(`${cisObjectName(object)}: `, ''),
  }));
  return {
    object: cisObjectName(object),
    service: usable && read.service !== undefined ? `${read.namespace}/${read.service}` : '',
    servicePort: read.port,
    partition,
    annotations: annotationsFor(rest, read.port),
    notCarried: lost,
  };
}
