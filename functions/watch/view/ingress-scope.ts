/** Pure: the ingress Service and its pods, on which all other selections depend. */
import type { Pod, Service } from '../../../shared/domain/snapshot/objects.ts';
import { isSubset } from '../../../shared/domain/istio/selector-index.ts';
import { selectorKey } from '../cache/cluster-index.ts';

type Labels = Readonly<Record<string, string>>;

/** The ingress Service and its pods, with the questions that other selections ask. */
export interface IngressScope {
  /** The ingress Service. */
  readonly own: Service;
  /** Those that it selects, with removed ones that still count. */
  readonly pods: readonly Pod[];
  /** Names of the nodes that run one of the pods. */
  readonly nodes: ReadonlySet<string>;
  /** Whether the ingress Service selects the pod. */
  selects(pod: Pod): boolean;
  /**
   * An empty Gateway selector selects every gateway pod. Without pods, the Service's own selector
   * is used.
   */
  isRead(selector: Labels): boolean;
  /** Whether a Service selects any of the pods. */
  isSibling(service: Service): boolean;
}

/** `candidates` are the pods of the namespace; those that the Service selects are kept. */
export function ingressScope(own: Service, candidates: readonly Pod[]): IngressScope {
  const { namespace } = own.meta;
  const selectsPod = ({ meta }: Pod): boolean =>
    meta.namespace === namespace && selects(own.selector, meta.labels);
  const pods = candidates.filter(selectsPod);
  const kinds = distinct(pods);
  // Without pods, the selector of the ingress Service is used, for other Services too.
  const standing = kinds.length === 0 ? [own.selector] : kinds;
  const read = new Map<string, boolean>();
  return {
    own,
    pods,
    nodes: new Set(pods.map((pod) => pod.nodeName)),
    selects: selectsPod,
    isRead: (selector) => {
      const key = selectorKey(selector);
      const known =
        read.get(key) ??
        (isSubset(selector, own.selector) || kinds.some((labels) => isSubset(selector, labels)));
      read.set(key, known);
      return known;
    },
    isSibling: ({ meta, selector }) =>
      meta.namespace === namespace && standing.some((one) => selects(selector, one)),
  };
}

/** Distinct label sets, because the pods of a Deployment have equal labels. */
function distinct(pods: readonly Pod[]): readonly Labels[] {
  return [
    ...new Map(pods.map(({ meta: { labels } }) => [JSON.stringify(labels), labels])).values(),
  ];
}

/** An empty Service selector selects nothing. */
function selects(selector: Labels, labels: Labels): boolean {
  return Object.keys(selector).length > 0 && isSubset(selector, labels);
}
