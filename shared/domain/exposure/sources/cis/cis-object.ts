/** Kubernetes objects as the CIS import reads them, and the results for each. */
import { isJsonObject, type JsonObject } from '../../../json-object.ts';
import type { SettingName } from '../../settings/catalogue/catalogue.ts';

/** Settings by name, as far as the object sets them. */
export type WantedSettings = Partial<Record<SettingName, unknown>>;

/** An object of the cluster, reduced to the parts that the import reads. */
export interface CisObject {
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: JsonObject;
  readonly status: JsonObject;
  readonly data: Readonly<Record<string, string>>;
}

/** A field that the import cannot express in Sluice, with the reason. */
export interface NotCarried {
  /** `Kind namespace/name` */
  readonly object: string;
  readonly field: string;
  readonly reason: string;
}

/** The settings of a Policy that apply to a virtual server. */
export interface UsedPolicy {
  /** `namespace/name` */
  readonly policy: string;
  readonly settings: WantedSettings;
}

/**
 * A virtual server of CIS that leads to one Service, or several that only differ in their ports.
 */
export interface CisVirtualServer {
  readonly object: string;
  /** `namespace/name` */
  readonly service: string;
  /** Absent: every port of the Service, each under its own number. */
  readonly servicePort: number | undefined;
  /** The port on BIG-IP; absent: the Service port's number. */
  readonly virtualPort: number | undefined;
  readonly partition: string | undefined;
  /** Without the port. */
  readonly wanted: WantedSettings;
  /** The Policy that it uses, if all settings of the Policy apply as they are. */
  readonly policy?: UsedPolicy;
  /** Sluice reads the object itself, so it may stay as it is. */
  readonly stays: boolean;
  /**
   * Set by annotations of the Service, which take precedence over sluice.yaml; address and
   * partition then apply to all its ports.
   */
  readonly outranks?: boolean;
  /**
   * Only imported if the Service is known to be an ingress gateway's, because CIS also publishes
   * applications in this form.
   */
  readonly needsGateway: boolean;
}

/** The result for one object: a virtual server, or only a list of what cannot be imported. */
export interface Reading {
  readonly server?: CisVirtualServer;
  readonly notCarried: readonly NotCarried[];
}

/** The value if it is text and not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Empty values, which CIS's own tools write. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false)
    return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

/** `Kind namespace/name`, for messages. */
export function cisObjectName(object: CisObject): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}

/** Expands Lists, as `kubectl get -o yaml` prints them. */
function flatten(raw: readonly unknown[]): readonly JsonObject[] {
  return raw.flatMap((one) =>
    isJsonObject(one) && Array.isArray(one['items'])
      ? flatten(one['items'])
      : isJsonObject(one)
        ? [one]
        : [],
  );
}

/** Drops values that are not text, which the API server would not accept. */
function stringsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** Reads a raw object tolerantly: missing or malformed fields become empty. */
function objectOf(raw: JsonObject): CisObject {
  const meta = isJsonObject(raw['metadata']) ? raw['metadata'] : {};
  const version = textOf(raw['apiVersion']) ?? '';
  return {
    group: version.includes('/') ? version.slice(0, version.indexOf('/')) : '',
    kind: textOf(raw['kind']) ?? '',
    namespace: textOf(meta['namespace']) ?? 'default',
    name: textOf(meta['name']) ?? '',
    created: textOf(meta['creationTimestamp']) ?? '',
    labels: stringsOf(meta['labels']),
    annotations: stringsOf(meta['annotations']),
    spec: isJsonObject(raw['spec']) ? raw['spec'] : {},
    status: isJsonObject(raw['status']) ? raw['status'] : {},
    data: stringsOf(raw['data']),
  };
}

/** Oldest first, then by name and kind; without a timestamp it counts as youngest. */
export function cisObjectsIn(raw: readonly unknown[]): readonly CisObject[] {
  const order = ({ created, namespace, name, kind }: CisObject): string =>
    `${created || '\uffff'} ${namespace}/${name} ${kind}`;
  return flatten(raw)
    .map(objectOf)
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}
