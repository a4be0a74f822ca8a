/** An object of CIS, and what it becomes. */
import { SETTING_ROWS, type SettingName } from '../../settings/catalogue/catalogue.ts';

export interface NotCarried {
  /** `Kind namespace/name` */
  readonly object: string;
  readonly field: string;
  readonly reason: string;
}

/** A Kubernetes object, as far as the import looks at it. */
export interface CisObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, string>>;
}

/** What one CIS object becomes. `service` is empty where it could not be told. */
export interface ImportedObject {
  readonly object: string;
  readonly service: string;
  /** Absent: every port of the Service. */
  readonly servicePort: number | undefined;
  readonly partition: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly notCarried: readonly NotCarried[];
}

export function cisObjectName(object: CisObject): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}

function annotationText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const plain = value.every((one) => typeof one === 'string');
  return value.length === 0 ? 'none' : plain ? value.join(',') : JSON.stringify(value);
}

/** Sluice's own annotations that say the same; `port` only where it differs from the Service's. */
export function annotationsFor(
  wanted: Partial<Record<SettingName, unknown>>,
  servicePort: number | undefined,
): Readonly<Record<string, string>> {
  const { port, ...rest } = wanted;
  const moves = typeof port === 'number' && servicePort !== undefined && port !== servicePort;
  const said = {
    ...rest,
    ...(moves && { port: `${servicePort}=${port}` }),
  };
  return Object.fromEntries(
    SETTING_ROWS.flatMap(([name, { annotations }]) => {
      const value = said[name];
      const own = annotations[0]?.name;
      return value === undefined || own === undefined ? [] : [[own, annotationText(value)]];
    }),
  );
}
