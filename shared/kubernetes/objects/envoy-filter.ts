/** EnvoyFilters that may change listeners of gateways. */
import type { JsonObject } from '../../domain/json-object.ts';
import type { EnvoyFilter, IngressObject } from '../../domain/snapshot/objects.ts';
import { metaOf } from './meta.ts';
import {
  readNumber,
  readRecord,
  readRecords,
  readText,
  readTexts,
  stringMap,
  withoutUndefined,
} from './read.ts';

/** Targets of patches that change which listeners exist or what they accept. */
const ON_LISTENERS: ReadonlySet<string> = new Set(['LISTENER', 'LISTENER_FILTER', 'FILTER_CHAIN']);
/** An absent context is ANY. */
const CONTEXTS: ReadonlySet<string> = new Set(['GATEWAY', 'ANY']);

/** Static listeners of Envoy, which istiod does not know. */
function addsListeners(applyTo: string, value: string): boolean {
  return applyTo === 'BOOTSTRAP' && value.includes('"listeners"');
}

/** The patches that concern listeners of gateways. */
function patchesOf(spec: JsonObject): EnvoyFilter['patches'] {
  return readRecords(spec['configPatches']).flatMap((raw) => {
    const [match, patch] = [readRecord(raw['match']), readRecord(raw['patch'])];
    const applyTo = readText(raw['applyTo']) ?? '';
    const context = readText(match['context']) ?? 'ANY';
    const value = JSON.stringify(patch['value'] ?? {});
    const touches = ON_LISTENERS.has(applyTo) || addsListeners(applyTo, value);
    if (!touches || !CONTEXTS.has(context)) return [];
    return [
      {
        applyTo,
        operation: readText(patch['operation']) ?? '',
        proxyProtocol: /proxy_protocol|ProxyProtocol/.test(value),
        ...withoutUndefined({ port: readNumber(readRecord(match['listener'])['portNumber']) }),
      },
    ];
  });
}

/** Whether the EnvoyFilter has a patch that can change listeners of gateways. */
export function changesListeners(value: unknown): boolean {
  return patchesOf(readRecord(readRecord(value)['spec'])).length > 0;
}

/** The filter with its patches to listeners; other patches are left out. */
export function normaliseEnvoyFilter(value: unknown): EnvoyFilter {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  return {
    meta: metaOf(raw),
    selector: stringMap(readRecord(spec['workloadSelector'])['labels']),
    gateways: readRecords(spec['targetRefs'])
      .filter(({ kind }) => kind === 'Gateway')
      .flatMap(({ name }) => readText(name) ?? []),
    patches: patchesOf(spec),
  };
}

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** The annotation takes precedence over `ingressClassName`. */
export function normaliseIngress(value: unknown): IngressObject {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  const annotated = stringMap(readRecord(raw['metadata'])['annotations'])[CLASS_ANNOTATION];
  return {
    meta: metaOf(raw),
    ...withoutUndefined({ class: annotated ?? readText(spec['ingressClassName']) }),
    tls: readRecords(spec['tls']).map((entry) => ({
      hosts: readTexts(entry['hosts']),
      secret: (readText(entry['secretName']) ?? '') !== '',
    })),
  };
}
