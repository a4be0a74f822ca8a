/** What the watcher sent and wrote, without what each run has anew. */
import type { Body } from '../../../integration/lab-kubernetes/client.ts';
import type { Snapshot } from '../../../../shared/domain/snapshot/snapshot.ts';
import type { Subject } from '../subject.ts';
import { PATHS, SERVICE } from './objects.ts';

/**
 * The objects, sorted, with what identifies their run left out. Only a cluster has a controller that
 * makes EndpointSlices.
 */
export function snapshotView({ removed, objects }: Snapshot): unknown {
  const { endpointSlices: _, ...rest } = objects;
  const kinds = Object.entries(rest).map(([kind, list]) => [
    kind,
    Array.isArray(list) ? list.map(objectView).toSorted(byText) : list,
  ]);
  return { removed, objects: Object.fromEntries(kinds) };
}

function objectView(object: Body): unknown {
  if (object?.meta === undefined) return object;
  const { uid: _, created: __, resourceVersion: ___, ...meta } = object.meta;
  return { ...object, meta };
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

/** The Service with its managers, without what its author wrote. */
export async function serviceView(subject: Subject): Promise<unknown> {
  const { body } = await subject.send('GET', `${PATHS.services}/${SERVICE}`);
  const { metadata, spec, status } = body;
  return {
    annotations: Object.fromEntries(
      Object.keys(metadata.annotations ?? {}).map((key) => [key, 'there']),
    ),
    managedFields: metadata.managedFields,
    ports: spec.ports,
    status,
  };
}

/** Each Event of the watcher; its name contains a hash of the object's UID. */
export async function eventsView(subject: Subject, namespace: string): Promise<unknown> {
  const { body } = await subject.send('GET', PATHS.events(namespace));
  return body.items
    .filter(({ source }: Body) => source.component === 'sluice')
    .map(({ involvedObject, type, reason, message, count, source }: Body) => {
      const { kind, name, apiVersion } = involvedObject;
      return { about: `${apiVersion} ${kind} ${name}`, type, reason, message, count, source };
    })
    .toSorted(byText);
}

/** The Lease, with its epoch as a sign only. */
export async function leaseView(subject: Subject): Promise<unknown> {
  const { body } = await subject.send('GET', PATHS.leases);
  return body.items.map(({ metadata, spec }: Body) => ({
    name: metadata.name,
    // What the next leader may know is written with a later renewal.
    annotations: Object.keys(metadata.annotations ?? {}).filter((key) => !key.endsWith('/known')),
    holder: spec.holderIdentity,
    duration: spec.leaseDurationSeconds,
    transitions: spec.leaseTransitions,
  }));
}
