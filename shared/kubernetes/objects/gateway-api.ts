/** gateway.networking.k8s.io, all served versions, and the experimental XListenerSet. */
import { isJsonObject, type JsonObject } from '../../domain/json-object.ts';
import type {
  ApiGateway,
  ApiListener,
  ApiRoute,
  ListenerSet,
  ReferenceGrant,
} from '../../domain/snapshot/objects.ts';
import { LabelSelector } from '../../domain/snapshot/label-selector.ts';
import { shorten } from '../../domain/text/shorten.ts';
import { unheededOfGateway } from './core.ts';
import { metaOf } from './meta.ts';
import {
  readList,
  readNumber,
  withoutUndefined,
  readRecord,
  readRecords,
  stringMap,
  readText,
  readTexts,
} from './read.ts';

type From = ApiListener['allowedNamespaces'];
/** Values of `from` in allowedRoutes and allowedListeners; an unknown one counts as the default. */
const FROM: readonly From[] = ['All', 'Same', 'Selector', 'None'];

function fromOf(value: unknown, fallback: From): From {
  return FROM.find((known) => known === value) ?? fallback;
}

interface Selection {
  /** As labels, which earlier versions read, too. */
  readonly labels?: Record<string, string> | undefined;
  readonly expressions?: LabelSelector | undefined;
}

/** As in `metav1.LabelSelectorAsSelector`, an invalid selector is none, and matches nothing. */
function selectionOf(value: unknown): Selection {
  if (!isJsonObject(value)) return {};
  const parsed = LabelSelector.safeParse({
    matchLabels: stringMap(value['matchLabels']),
    matchExpressions: readRecords(value['matchExpressions']).map(({ key, operator, values }) => ({
      key,
      operator,
      values: readTexts(values),
    })),
  });
  if (!parsed.success || !parsed.data.matchExpressions.every(hasItsValues)) return {};
  const labels = equalityOf(parsed.data);
  return labels === undefined ? { expressions: parsed.data } : { labels };
}

type Expression = LabelSelector['matchExpressions'][number];

/**
 * `In` and `NotIn` need values; `Exists` and `DoesNotExist` must have none, as the API server
 * demands.
 */
function hasItsValues({ operator, values }: Expression): boolean {
  return (operator === 'In' || operator === 'NotIn') === values.length > 0;
}

/** The labels that say the same; undefined where some expression says more. */
function equalityOf(selector: LabelSelector): Record<string, string> | undefined {
  const labels = { ...selector.matchLabels };
  for (const { key, operator, values } of selector.matchExpressions) {
    const [only = '', ...more] = values;
    if (operator !== 'In' || more.length > 0 || (labels[key] ?? only) !== only) return undefined;
    labels[key] = only;
  }
  return labels;
}

/** Istio's extension for AUTO_PASSTHROUGH, which Gateway API does not have. */
const LISTENER_OPTION = 'gateway.istio.io/listener-protocol';

/** Undefined without a `tls` block; `Terminate` is the default of one. */
function tlsModeOf(listener: JsonObject): string | undefined {
  const tls = listener['tls'];
  if (!isJsonObject(tls)) return undefined;
  return readRecord(tls['options'])[LISTENER_OPTION] === 'auto-passthrough'
    ? 'AUTO_PASSTHROUGH'
    : (readText(tls['mode']) ?? 'Terminate');
}

/** Conditions of the current generation; files without a generation are accepted. */
type Status = ReadonlyMap<string, NonNullable<ApiListener['dropped']>>;

/**
 * Conditions of a listener, with the reasons by which istiod says that it left the listener out
 * because of its content.
 */
const DROPPING: Readonly<Record<string, ReadonlySet<string> | 'any'>> = {
  Accepted: 'any',
  Programmed: new Set(['Invalid']),
  ResolvedRefs: new Set([
    'InvalidCertificateRef',
    'RefNotPermitted',
    'InvalidCACertificateRef',
    'InvalidCACertificateKind',
  ]),
};

/**
 * By listener name: the first condition by which istiod reports that it drops the listener because
 * of its content.
 */
function droppedListeners(raw: JsonObject): Status {
  const generation = readNumber(readRecord(raw['metadata'])['generation']) ?? 0;
  const listeners = readRecords(readRecord(raw['status'])['listeners']);
  return new Map(
    listeners.flatMap((listener) => {
      const found = readRecords(listener['conditions']).find((condition) => {
        const reasons = DROPPING[readText(condition['type']) ?? ''];
        return (
          condition['status'] === 'False' &&
          (readNumber(condition['observedGeneration']) ?? 0) === generation &&
          (reasons === 'any' || reasons?.has(readText(condition['reason']) ?? '') === true)
        );
      });
      if (found === undefined) return [];
      const [type = '', reason = '', message = ''] = ['type', 'reason', 'message'].map(
        (field) => readText(found[field]) ?? '',
      );
      return [[readText(listener['name']) ?? '', { type, reason, message: shorten(message, 300) }]];
    }),
  );
}

/** References to certificates; an absent group or kind means a Secret. */
function refsOf(value: unknown): ApiListener['certificateRefs'] {
  return readRecords(value).map((ref) => ({
    name: readText(ref['name']) ?? '',
    ...withoutUndefined({
      group: readText(ref['group']),
      kind: readText(ref['kind']),
      namespace: readText(ref['namespace']),
    }),
  }));
}

/**
 * Since v1.4 the Gateway sets it for all HTTPS listeners, or per port; before, each listener did.
 */
function caRefsOf(listener: JsonObject, gateway: JsonObject): ApiListener['caCertificateRefs'] {
  const frontend = readRecord(readRecord(gateway['tls'])['frontend']);
  const ofPort = readRecords(frontend['perPort']).find(
    (entry) => readNumber(entry['port']) === readNumber(listener['port']),
  );
  const own = readRecord(readRecord(listener['tls'])['frontendValidation'])['caCertificateRefs'];
  const tls = readRecord(ofPort === undefined ? frontend['default'] : ofPort['tls']);
  return refsOf(own ?? readRecord(tls['validation'])['caCertificateRefs']);
}

/** Istio's extension; with ISTIO_MUTUAL a listener needs no certificates of its own. */
const TERMINATE_OPTION = 'gateway.istio.io/tls-terminate-mode';

/** `namespacesFromSelector`: without the selector that `from` asks for, every namespace. */
function routesFrom(namespaces: JsonObject): From {
  const from = fromOf(namespaces['from'], 'Same');
  return from === 'Selector' && !isJsonObject(namespaces['selector']) ? 'All' : from;
}

/**
 * A listener with what the status says about it. Missing fields become empty, so that the rules can
 * name them.
 */
function listenerOf(raw: JsonObject, dropped: Status, gateway: JsonObject): ApiListener {
  const tls = readRecord(raw['tls']);
  const allowed = readRecord(raw['allowedRoutes']);
  const namespaces = readRecord(allowed['namespaces']);
  const selection = selectionOf(namespaces['selector']);
  return {
    name: readText(raw['name']) ?? '',
    port: readNumber(raw['port']) ?? 0,
    protocol: readText(raw['protocol']) ?? '',
    ...withoutUndefined({
      hostname: readText(raw['hostname']),
      tlsMode: tlsModeOf(raw),
      allowedSelector: selection.labels,
      allowedExpressions: selection.expressions,
      terminateMode: readText(readRecord(tls['options'])[TERMINATE_OPTION]),
      dropped: dropped.get(readText(raw['name']) ?? ''),
    }),
    certificateRefs: refsOf(tls['certificateRefs']),
    caCertificateRefs: caRefsOf(raw, gateway),
    allowedKinds: readRecords(allowed['kinds']).flatMap((kind) => readText(kind['kind']) ?? []),
    allowedNamespaces: routesFrom(namespaces),
  };
}

/** Listeners that istiod reports as dropped in the status are marked. */
export function normaliseApiGateway(value: unknown): ApiGateway {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  const allowed = readRecord(readRecord(spec['allowedListeners'])['namespaces']);
  const selection = selectionOf(allowed['selector']);
  const dropped = droppedListeners(raw);
  return {
    meta: metaOf(raw),
    ...withoutUndefined({ unheeded: unheededOfGateway(raw) }),
    class: readText(spec['gatewayClassName']) ?? '',
    addresses: readRecords(spec['addresses']).map((address) => ({
      type: readText(address['type']) ?? '',
      value: readText(address['value']) ?? '',
    })),
    listeners: readRecords(spec['listeners']).map((one) => listenerOf(one, dropped, spec)),
    allowedListeners: fromOf(
      allowed['from'],
      isJsonObject(allowed['selector']) ? 'Selector' : 'None',
    ),
    ...withoutUndefined({
      allowedListenersSelector: selection.labels,
      allowedListenersExpressions: selection.expressions,
    }),
  };
}

/** The experimental kind is equivalent. */
function parentKind(value: unknown): string {
  const kind = readText(value) ?? 'Gateway';
  return kind === 'XListenerSet' ? 'ListenerSet' : kind;
}

/** A reference without a namespace is to one in the namespace of the object itself. */
function parentOf(raw: JsonObject, namespace: string): ApiRoute['parents'][number] {
  return {
    kind: parentKind(raw['kind']),
    namespace: readText(raw['namespace']) ?? namespace,
    name: readText(raw['name']) ?? '',
    ...withoutUndefined({
      sectionName: readText(raw['sectionName']),
      port: readNumber(raw['port']),
    }),
  };
}

/** Also for XListenerSet, whose fields are the same. */
export function normaliseListenerSet(value: unknown): ListenerSet {
  const raw = readRecord(value);
  const meta = metaOf(raw);
  const spec = readRecord(raw['spec']);
  const dropped = droppedListeners(raw);
  return {
    meta,
    parent: parentOf(readRecord(spec['parentRef']), meta.namespace),
    listeners: readRecords(spec['listeners']).map((one) => listenerOf(one, dropped, {})),
  };
}

/** Which kinds of which namespaces may refer to which objects here. */
export function normaliseReferenceGrant(value: unknown): ReferenceGrant {
  const raw = readRecord(value);
  const spec = readRecord(raw['spec']);
  const kind = (entry: JsonObject): { group: string; kind: string } => ({
    group: readText(entry['group']) ?? '',
    kind: readText(entry['kind']) ?? '',
  });
  return {
    meta: metaOf(raw),
    from: readRecords(spec['from']).map((entry) => ({
      ...kind(entry),
      namespace: readText(entry['namespace']) ?? '',
    })),
    to: readRecords(spec['to']).map((entry) => ({
      ...kind(entry),
      ...withoutUndefined({ name: readText(entry['name']) }),
    })),
  };
}

/** istiod attaches all of these except UDPRoute. */
const ROUTE_KINDS: readonly ApiRoute['kind'][] = [
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
];

/** Whether a kind is one of the routes that istiod reads, or UDPRoute. */
export function isRouteKind(kind: unknown): kind is ApiRoute['kind'] {
  return ROUTE_KINDS.some((known) => known === kind);
}

/** Items of a stream may omit `kind`, which is then passed. */
export function normaliseApiRoute(value: unknown, kind?: ApiRoute['kind']): ApiRoute {
  const raw = readRecord(value);
  const meta = metaOf(raw);
  const spec = readRecord(raw['spec']);
  const said = raw['kind'];
  return {
    kind: isRouteKind(said) ? said : (kind ?? 'TCPRoute'),
    meta,
    parents: readRecords(spec['parentRefs']).map((parent) => parentOf(parent, meta.namespace)),
    hostnames: readTexts(spec['hostnames']),
    rules: readRecords(spec['rules']).filter((rule) => readList(rule['backendRefs']).length > 0)
      .length,
  };
}
