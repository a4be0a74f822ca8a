/**
 * Rules of individual built-in kinds and rules for all objects; each violation is a cause with its
 * field.
 */
import { badRequest } from './errors.ts';
import { fieldAt, fieldsOf, textAt } from './fields.ts';
import type { Resource } from './resources/resource.ts';
import type { Cause, KubernetesObject } from './types.ts';

function cause(field: string, message: string, reason = 'FieldValueInvalid'): Cause {
  return { reason, message, field };
}

/**
 * An Event is in the namespace of its object; Events about cluster-scoped objects are in `default`.
 */
function eventCauses(event: KubernetesObject): readonly Cause[] {
  const about = textAt(event, 'involvedObject.namespace');
  const { namespace = '' } = event.metadata;
  if (about === namespace || (about === '' && namespace === 'default')) return [];
  return [
    cause(
      'involvedObject.namespace',
      `Invalid value: ${JSON.stringify(about)}: does not match event.namespace`,
    ),
  ];
}

function leaseCauses(lease: KubernetesObject): readonly Cause[] {
  const duration = fieldAt(lease, 'spec.leaseDurationSeconds');
  const transitions = fieldAt(lease, 'spec.leaseTransitions');
  const found: Cause[] = [];
  if (typeof duration === 'number' && duration <= 0)
    found.push(
      cause('spec.leaseDurationSeconds', `Invalid value: ${duration}: must be greater than 0`),
    );
  if (typeof transitions === 'number' && transitions < 0)
    found.push(
      cause(
        'spec.leaseTransitions',
        `Invalid value: ${transitions}: must be greater than or equal to 0`,
      ),
    );
  return found;
}

const MAX_CONFIG_MAP_BYTES = 1024 * 1024;

/** Only the values count, text and binary. */
function configMapCauses(map: KubernetesObject): readonly Cause[] {
  const texts = Object.values(fieldsOf(map['data'])).map((value) =>
    Buffer.byteLength(String(value)),
  );
  const binaries = Object.values(fieldsOf(map['binaryData'])).map((value) =>
    Math.floor((String(value).length * 3) / 4),
  );
  const size = [...texts, ...binaries].reduce((sum, one) => sum + one, 0);
  if (size <= MAX_CONFIG_MAP_BYTES) return [];
  return [
    cause(
      '[]',
      `Too long: may not be more than ${MAX_CONFIG_MAP_BYTES} bytes`,
      'FieldValueTooLong',
    ),
  ];
}

const causesOfKind: Readonly<Record<string, (object: KubernetesObject) => readonly Cause[]>> = {
  events: eventCauses,
  'leases.coordination.k8s.io': leaseCauses,
  configmaps: configMapCauses,
};

/** Empty if the object is valid, or its kind has no rules here. */
export function builtInCauses(storage: string, object: KubernetesObject): readonly Cause[] {
  return causesOfKind[storage]?.(object) ?? [];
}

/**
 * A terminating object can only lose finalizers. The real server checks those of custom resources
 * twice.
 */
export function finalizerCauses(
  { builtIn }: Resource,
  before: KubernetesObject | undefined,
  after: KubernetesObject,
): readonly Cause[] {
  if (!before?.metadata.deletionTimestamp) return [];
  const old = before.metadata.finalizers ?? [];
  const fresh = (after.metadata.finalizers ?? []).filter((name) => !old.includes(name));
  if (fresh.length === 0) return [];
  const list = fresh.map((name) => JSON.stringify(name)).join(', ');
  const message =
    'Forbidden: no new finalizers can be added if the object is being deleted, found ' +
    `new finalizers []string{${list}}`;
  const found = cause('metadata.finalizers', message, 'FieldValueForbidden');
  return builtIn ? [found] : [found, found];
}

const leaseTimes = ['acquireTime', 'renewTime'] as const;
const LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

/** The times of a Lease need six fractional digits, otherwise the body cannot be parsed. */
export function refuseUnreadable({ kind, storage }: Resource, object: KubernetesObject): void {
  if (storage !== 'leases.coordination.k8s.io') return;
  for (const field of leaseTimes) {
    const value = fieldAt(object, `spec.${field}`);
    const why = typeof value === 'string' ? wrongMicroTime(value) : undefined;
    if (why !== undefined)
      throw badRequest(
        `${kind} in version "v1" cannot be handled as a ${kind}: parsing time ` +
          `${JSON.stringify(value)} as "${LAYOUT}": ${why}`,
      );
  }
}

function wrongMicroTime(value: string): string | undefined {
  const seconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(value)?.[0];
  if (seconds === undefined) return `cannot parse ${JSON.stringify(value)} as "2006"`;
  const rest = value.slice(seconds.length);
  return /^\.\d{6}(Z|[+-]\d\d:\d\d)$/.test(rest)
    ? undefined
    : `cannot parse ${JSON.stringify(rest)} as ".000000"`;
}
