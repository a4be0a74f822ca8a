/** gateway.networking.k8s.io, all served versions, and the experimental XListenerSet. */
import type {
  ApiGateway,
  ApiListener,
  ApiRoute,
  ListenerSet,
} from '../../domain/ingress/objects.ts';
import { metaOf } from './meta.ts';
import type { Raw } from './read.ts';
import {
  isRecord,
  list,
  number,
  present,
  record,
  records,
  stringMap,
  text,
  texts,
} from './read.ts';

type From = ApiListener['allowedNamespaces'];
const FROM: readonly From[] = ['All', 'Same', 'Selector', 'None'];

function fromOf(value: unknown, fallback: From): From {
  return FROM.find((known) => known === value) ?? fallback;
}

/** As labels to be equal to; undefined, which matches nothing, where an expression says more than that. */
function selectorOf(value: unknown): Record<string, string> | undefined {
  if (!isRecord(value)) return undefined;
  const expressions = records(value['matchExpressions']).map((expression) => {
    const [only, ...more] = texts(expression['values']);
    const key = text(expression['key']);
    return expression['operator'] === 'In' &&
      key !== undefined &&
      only !== undefined &&
      more.length === 0
      ? ([key, only] as const)
      : undefined;
  });
  if (expressions.includes(undefined)) return undefined;
  return {
    ...stringMap(value['matchLabels']),
    ...Object.fromEntries(expressions.filter((pair) => pair !== undefined)),
  };
}

const LISTENER_OPTION = 'gateway.istio.io/listener-protocol';

function tlsModeOf(listener: Raw): string | undefined {
  const tls = listener['tls'];
  if (!isRecord(tls)) return undefined;
  return record(tls['options'])[LISTENER_OPTION] === 'auto-passthrough'
    ? 'AUTO_PASSTHROUGH'
    : (text(tls['mode']) ?? 'Terminate');
}

function listenerOf(raw: Raw): ApiListener {
  const allowed = record(raw['allowedRoutes']);
  const namespaces = record(allowed['namespaces']);
  return {
    name: text(raw['name']) ?? '',
    port: number(raw['port']) ?? 0,
    protocol: text(raw['protocol']) ?? '',
    ...present({
      hostname: text(raw['hostname']),
      tlsMode: tlsModeOf(raw),
      allowedSelector: selectorOf(namespaces['selector']),
    }),
    allowedKinds: records(allowed['kinds']).flatMap((kind) => text(kind['kind']) ?? []),
    allowedNamespaces: fromOf(namespaces['from'], 'Same'),
  };
}

export function normaliseApiGateway(value: unknown): ApiGateway {
  const raw = record(value);
  const spec = record(raw['spec']);
  const allowed = record(record(spec['allowedListeners'])['namespaces']);
  return {
    meta: metaOf(raw),
    class: text(spec['gatewayClassName']) ?? '',
    addresses: records(spec['addresses']).map((address) => ({
      type: text(address['type']) ?? '',
      value: text(address['value']) ?? '',
    })),
    listeners: records(spec['listeners']).map(listenerOf),
    allowedListeners: fromOf(allowed['from'], 'None'),
    ...present({ allowedListenersSelector: selectorOf(allowed['selector']) }),
  };
}

/** The experimental kind is the same thing under another name. */
function parentKind(value: unknown): string {
  const kind = text(value) ?? 'Gateway';
  return kind === 'XListenerSet' ? 'ListenerSet' : kind;
}

function parentOf(raw: Raw, namespace: string): ApiRoute['parents'][number] {
  return {
    kind: parentKind(raw['kind']),
    namespace: text(raw['namespace']) ?? namespace,
    name: text(raw['name']) ?? '',
    ...present({ sectionName: text(raw['sectionName']), port: number(raw['port']) }),
  };
}

export function normaliseListenerSet(value: unknown): ListenerSet {
  const raw = record(value);
  const meta = metaOf(raw);
  const spec = record(raw['spec']);
  return {
    meta,
    parent: parentOf(record(spec['parentRef']), meta.namespace),
    listeners: records(spec['listeners']).map(listenerOf),
  };
}

const ROUTE_KINDS: readonly ApiRoute['kind'][] = [
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
];

export function isRouteKind(kind: unknown): kind is ApiRoute['kind'] {
  return ROUTE_KINDS.some((known) => known === kind);
}

/** A stream of one kind may leave `kind` out of its items; then it is to be given. */
export function normaliseApiRoute(value: unknown, kind?: ApiRoute['kind']): ApiRoute {
  const raw = record(value);
  const meta = metaOf(raw);
  const spec = record(raw['spec']);
  const said = raw['kind'];
  return {
    kind: isRouteKind(said) ? said : (kind ?? 'TCPRoute'),
    meta,
    parents: records(spec['parentRefs']).map((parent) => parentOf(parent, meta.namespace)),
    hostnames: texts(spec['hostnames']),
    rules: records(spec['rules']).filter((rule) => list(rule['backendRefs']).length > 0).length,
  };
}
