/**
 * istio-port-mapping.md §3: reasons for which istiod drops a listener because of its own content
 * (`buildTLS`, pilot/pkg/config/kube/gateway/conversion.go).
 */
import { namespacedName } from '../object-age.ts';
import type { CodedReason } from '../model.ts';
import type {
  ApiGateway,
  ApiListener,
  CertificateRef,
  ReferenceGrant,
} from '../../snapshot/objects.ts';
import type { ListenerParent } from './attachment.ts';

/** A listener to check, with the object that contains it: the Gateway itself or a ListenerSet. */
export interface ListenerQuestion {
  readonly gateway: ApiGateway;
  readonly owner: ListenerParent;
  readonly listener: ApiListener;
  /** Undefined if they cannot be read; missing grants are then not reported. */
  readonly grants: readonly ReferenceGrant[] | undefined;
}

/** Istio supports a second certificate with another key type. */
const MAX_CERTIFICATES = 2;

/** Undefined if there is no known reason; otherwise a message without the listener's name. */
export function whyDropped(question: ListenerQuestion): CodedReason | undefined {
  const said = missingTls(question) ?? certificateFault(question) ?? caFault(question) ?? undefined;
  if (said !== undefined) return { code: 'MAP217', reason: said };
  const { dropped } = question.listener;
  if (dropped === undefined) return undefined;
  const words = dropped.message === '' ? '' : `: ${dropped.message}`;
  return {
    code: 'MAP218',
    reason:
      `istiod says in its status that it drops the listener (${dropped.type} is False, ` +
      `${dropped.reason}${words})`,
  };
}

/** The reason for a listener that needs TLS settings and has none; undefined if all is well. */
function missingTls({ listener: { protocol, tlsMode } }: ListenerQuestion): string | undefined {
  return (protocol === 'HTTPS' || protocol === 'TLS') && tlsMode === undefined
    ? `protocol ${protocol} needs tls with certificateRefs, and the listener has no tls`
    : undefined;
}

/** Snapshots of older watchers do not contain the certificates of a listener. */
function certificateFault(question: ListenerQuestion): string | undefined {
  const { gateway, listener } = question;
  const { certificateRefs: refs, terminateMode } = listener;
  if (refs === undefined || !isTerminating(gateway, listener) || terminateMode === 'ISTIO_MUTUAL')
    return undefined;
  if (refs.length === 0)
    return 'tls.mode Terminate needs tls.certificateRefs, and there are none; name a Secret';
  if (refs.length > MAX_CERTIFICATES)
    return `tls.certificateRefs names ${refs.length} certificates, and Istio takes ${MAX_CERTIFICATES} at most`;
  return refs
    .map((ref) => refFault(question, ref, { field: 'tls.certificateRefs', kinds: ['Secret'] }))
    .find((fault) => fault !== undefined);
}

/** The reason why the CA certificates of a listener cannot be used. */
function caFault(question: ListenerQuestion): string | undefined {
  const { gateway, listener } = question;
  const { caCertificateRefs: refs = [], protocol } = listener;
  if (protocol !== 'HTTPS' || !isTerminating(gateway, listener)) return undefined;
  if (refs.length > 1)
    return `caCertificateRefs names ${refs.length} certificates, and Istio takes one only`;
  return refs
    .map((ref) =>
      refFault(question, ref, { field: 'caCertificateRefs', kinds: ['ConfigMap', 'Secret'] }),
    )
    .find((fault) => fault !== undefined);
}

/** Whether Envoy itself ends the TLS of the listener; only then its certificates matter. */
function isTerminating(gateway: ApiGateway, listener: ApiListener): boolean {
  return (
    (listener.protocol === 'HTTPS' || listener.protocol === 'TLS') &&
    listener.tlsMode !== 'Passthrough' &&
    !isAutoPassthrough(gateway, listener)
  );
}

interface Expected {
  readonly field: string;
  readonly kinds: readonly string[];
}

/** The reason why a reference to a certificate cannot be used. */
function refFault(
  { owner, grants }: ListenerQuestion,
  ref: CertificateRef,
  { field, kinds }: Expected,
): string | undefined {
  const { group = '', kind = 'Secret', namespace = owner.meta.namespace, name } = ref;
  const target = `${kind} ${namespace}/${name}`;
  if (group !== '' || !kinds.includes(kind))
    return (
      `${field} refers to ${group === '' ? '' : `${group} `}${target}, ` +
      `and Istio takes a ${kinds.join(' or ')} of the core group there`
    );
  if (namespace === owner.meta.namespace || grants === undefined) return undefined;
  return grants.some((grant) => isGranted(grant, owner, { kind, namespace, name }))
    ? undefined
    : `${field} refers to ${target} in another namespace, ` +
        `and no ReferenceGrant there allows ${owner.kind} of namespace ` +
        `${owner.meta.namespace} to do so`;
}

const API_GROUPS: ReadonlySet<string> = new Set([
  'gateway.networking.k8s.io',
  'gateway.networking.x-k8s.io',
]);

/** `SecretAllowed`: the grant is in the namespace of the referenced object. */
function isGranted(
  { meta, from, to }: ReferenceGrant,
  owner: ListenerParent,
  target: { readonly kind: string; readonly namespace: string; readonly name: string },
): boolean {
  return (
    meta.namespace === target.namespace &&
    from.some(
      ({ group, kind, namespace }) =>
        API_GROUPS.has(group) &&
        (kind === owner.kind || kind === `X${owner.kind}`) &&
        namespace === owner.meta.namespace,
    ) &&
    to.some(
      ({ group, kind, name }) =>
        group === '' &&
        kind === target.kind &&
        (name === undefined || name === '' || name === target.name),
    )
  );
}

/** References whose permission is unknown, because ReferenceGrants cannot be read. */
export function unjudgedReferences({ owner, listener, grants }: ListenerQuestion): string[] {
  if (grants !== undefined) return [];
  return [...(listener.certificateRefs ?? []), ...(listener.caCertificateRefs ?? [])]
    .filter(({ namespace }) => namespace !== undefined && namespace !== owner.meta.namespace)
    .map(
      ({ kind = 'Secret', namespace = '', name }) =>
        `${kind} ${namespacedName({ namespace, name })}`,
    );
}

/** Istio's port between networks, unless a label of the Gateway names another one. */
const AUTO_PASSTHROUGH_PORT = '15443';

/**
 * istio-port-mapping.md §3, `IsAutoPassthrough`: a network label on the Gateway together with the
 * reserved port, or the listener option that the normaliser converts to a mode.
 */
export function isAutoPassthrough(
  { meta: { labels } }: Pick<ApiGateway, 'meta'>,
  { tlsMode, port }: Pick<ApiListener, 'tlsMode' | 'port'>,
): boolean {
  if (tlsMode === undefined) return false;
  if (tlsMode === 'AUTO_PASSTHROUGH') return true;
  return (
    'topology.istio.io/network' in labels &&
    String(port) === (labels['networking.istio.io/gatewayPort'] ?? AUTO_PASSTHROUGH_PORT)
  );
}
