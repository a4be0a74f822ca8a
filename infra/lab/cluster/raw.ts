/**
 * The fields of Kubernetes and Istio objects that the lab's cluster reads. They are defined
 * separately from `shared/domain`, so that the behaviour of the lab's gateway pods is independent
 * evidence for the results of Sluice.
 */
export type Labels = Readonly<Record<string, string>>;

/** Metadata, as far as it is read. */
export interface RawMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Labels;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly [field: string]: unknown;
}

/** Any object. */
export interface RawObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: RawMeta;
  readonly [field: string]: unknown;
}

/** A container, whose arguments and environment say what it does. */
export interface RawContainer {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol?: string;
  }[];
}

/** A pod. */
export interface RawPod extends RawObject {
  readonly spec: { readonly nodeName?: string; readonly containers: readonly RawContainer[] };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** A port of a Service. `targetPort` may be the name of a port. */
export interface RawServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
}

/** A Service. */
export interface RawService extends RawObject {
  readonly spec: {
    readonly type?: string;
    readonly selector?: Labels;
    readonly ports?: readonly RawServicePort[];
    readonly externalTrafficPolicy?: string;
    readonly healthCheckNodePort?: number;
  };
}

/** A Node. */
export interface RawNode extends RawObject {
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}

/** A server of an Istio Gateway. */
export interface RawServer {
  readonly port?: { readonly number?: number; readonly protocol?: string };
  readonly bind?: string;
  readonly hosts?: readonly string[];
}

/** An Istio Gateway. */
export interface RawGateway extends RawObject {
  readonly spec: { readonly selector?: Labels; readonly servers?: readonly RawServer[] };
}

/** Where a route leads. */
export interface RawDestination {
  readonly destination?: {
    readonly host?: string;
    readonly subset?: string;
    readonly port?: { readonly number?: number };
  };
  readonly weight?: number;
}

/** A TCP route of a VirtualService. */
export interface RawTcpBlock {
  readonly match?: readonly { readonly port?: number; readonly gateways?: readonly string[] }[];
  readonly route?: readonly RawDestination[];
}

/** Of all that a block may do, only a direct response is played, for every path. */
export interface RawHttpBlock {
  readonly directResponse?: {
    readonly status?: number;
    readonly body?: { readonly string?: string };
  };
}

/** An Istio VirtualService. */
export interface RawVirtualService extends RawObject {
  readonly spec: {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly exportTo?: readonly string[];
    readonly tcp?: readonly RawTcpBlock[];
    readonly http?: readonly RawHttpBlock[];
  };
}

/** An Istio DestinationRule, for its subsets. */
export interface RawDestinationRule extends RawObject {
  readonly spec: {
    readonly host?: string;
    readonly subsets?: readonly { readonly name: string; readonly labels?: Labels }[];
  };
}

/** `type`: ADDED, MODIFIED or DELETED. */
export interface ObjectEvent {
  readonly type: string;
  readonly object: RawObject;
}

/** The part of the lab's `ObjectStore` that the cluster needs. The namespaces exist already. */
export interface ClusterStore {
  /** Creates the object or replaces it, status included. */
  apply(object: RawObject): unknown;
  delete(apiVersion: string, kind: string, namespace: string | undefined, name: string): void;
  /** Calls the listener for every change from now on. */
  subscribe(listener: (event: ObjectEvent) => void): () => void;
}
