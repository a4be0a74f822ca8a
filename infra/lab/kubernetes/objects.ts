/** Processes a written object like the API server: defaults, allocation, validation. */
import { withSchemaDefaults } from './custom/defaults.ts';
import { definitionOf } from './custom/schema.ts';
import { validateCustom } from './custom/validate.ts';
import { fieldsOf } from './fields.ts';
import { nameProblem } from './names.ts';
import type { Resource } from './resources/resource.ts';
import { builtInCauses, finalizerCauses } from './rules.ts';
import { allocate } from './service/allocate.ts';
import { defaultService, keepAllocated } from './service/defaults.ts';
import { validateService } from './service/validate.ts';
import type { Cause, KubernetesObject } from './types.ts';

type Defaulter = (object: KubernetesObject) => KubernetesObject;

const defaulters: Readonly<Record<string, Defaulter>> = {
  services: defaultService,
  namespaces: (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name },
    },
  }),
  pods: (object) => ({ ...object, status: { phase: 'Pending', ...fieldsOf(object['status']) } }),
  secrets: (object) => ({ type: 'Opaque', ...object }),
  'deployments.apps': (object) => ({
    ...object,
    spec: { replicas: 1, ...fieldsOf(object['spec']) },
  }),
};

/** Custom resources by their schema, built-in kinds by code. */
export function withDefaults(resource: Resource, object: KubernetesObject): KubernetesObject {
  const definition = definitionOf(resource.storage);
  return definition
    ? withSchemaDefaults(object, definition.schema)
    : (defaulters[resource.storage]?.(object) ?? object);
}

/** The fields of a namespace that the server sets and no manager owns. */
function activeNamespace(object: KubernetesObject): KubernetesObject {
  return {
    ...object,
    spec: { finalizers: ['kubernetes'], ...fieldsOf(object['spec']) },
    status: { phase: 'Active', ...fieldsOf(object['status']) },
  };
}

/** The object as it would be stored, and why it may not be. */
export interface Prepared {
  readonly object: KubernetesObject;
  readonly causes: readonly Cause[];
}

/** Allocation and validation, which need the previous object and the other objects of the kind. */
export function prepare(
  resource: Resource,
  object: KubernetesObject,
  around: {
    readonly before?: KubernetesObject;
    readonly others: () => readonly KubernetesObject[];
  },
): Prepared {
  const problem = nameProblem(resource, object.metadata.name);
  const named: Cause[] =
    problem === undefined
      ? []
      : [
          {
            reason: 'FieldValueInvalid',
            message: `Invalid value: "${object.metadata.name}": ${problem}`,
            field: 'metadata.name',
          },
        ];
  const { storage } = resource;
  const causes = [...named, ...finalizerCauses(resource, around.before, object)];
  if (storage === 'namespaces') return { object: activeNamespace(object), causes };
  if (storage !== 'services') {
    causes.push(...builtInCauses(storage, object), ...validateCustom(storage, object));
    return { object, causes };
  }
  const kept = around.before ? keepAllocated(around.before, object) : object;
  causes.push(...validateService(kept, around.before));
  if (causes.length > 0) return { object, causes };
  const allocation = allocate(kept, around.others());
  return { object: allocation.service, causes: allocation.causes };
}
