import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { RawObject, RawPod, RawService } from './raw.ts';
import { isReady, isTerminating, podAddress, podsOf, targetPortOn, type World } from './world.ts';

const MANAGER = 'endpointslice-controller.k8s.io';

function endpointOf(pod: RawPod): object {
  const terminating = isTerminating(pod);
  return {
    addresses: [podAddress(pod)],
    conditions: { ready: isReady(pod) && !terminating, serving: isReady(pod), terminating },
    nodeName: pod.spec.nodeName,
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}

function portsOn(service: RawService, pod: RawPod): readonly object[] {
  return (service.spec.ports ?? []).flatMap((p) => {
    const port = targetPortOn(pod, p);
    return port === undefined ? [] : [{ name: p.name ?? '', port, protocol: p.protocol ?? 'TCP' }];
  });
}

function sliceOf(
  service: RawService,
  pods: readonly RawPod[],
  ports: readonly object[],
  index: number,
): RawObject {
  const { name, namespace, uid } = service.metadata;
  const suffix = createHash('sha256')
    .update(`${namespace}/${name}/${index}`)
    .digest('hex')
    .slice(0, 5);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${suffix}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': MANAGER,
      },
      ...(uid === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: 'v1',
                kind: 'Service',
                name,
                uid,
                controller: true,
                blockOwnerDeletion: true,
              },
            ],
          }),
    },
    addressType: 'IPv4',
    endpoints: pods.map(endpointOf),
    ports,
  };
}

/**
 * One slice for each Service with a selector and each set of port numbers (named ports may differ
 * between pods).
 */
export function wantedSlices(world: World): readonly RawObject[] {
  return world.services
    .filter((s) => Object.keys(s.spec.selector ?? {}).length > 0)
    .flatMap((service) => {
      const groups = Map.groupBy(podsOf(world, service), (pod) =>
        JSON.stringify(portsOn(service, pod)),
      );
      if (groups.size === 0) return [sliceOf(service, [], [], 0)];
      return [...groups].map(([ports, pods], index) =>
        sliceOf(service, pods, JSON.parse(ports) as object[], index),
      );
    });
}

function isSame(a: RawObject, b: RawObject | undefined): boolean {
  return (
    b !== undefined &&
    isDeepStrictEqual(
      [a.addressType, a.endpoints, a.ports],
      [b.addressType, b.endpoints ?? [], b.ports ?? []],
    )
  );
}

/** What has to be written and deleted, so that the slices match the pods. */
export interface SliceChanges {
  readonly write: readonly RawObject[];
  readonly remove: readonly RawObject[];
}

/**
 * The writes that make the cluster's slices match its pods. Slices of other controllers are not
 * touched.
 */
export function sliceChanges(world: World): SliceChanges {
  const wanted = new Map(
    wantedSlices(world).map((s) => [`${s.metadata.namespace}/${s.metadata.name}`, s]),
  );
  const ours = world.endpointSlices.filter(
    (s) => s.metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === MANAGER,
  );
  const present = new Map(ours.map((s) => [`${s.metadata.namespace}/${s.metadata.name}`, s]));
  return {
    write: [...wanted].filter(([key, s]) => !isSame(s, present.get(key))).map(([, s]) => s),
    remove: [...present].filter(([key]) => !wanted.has(key)).map(([, s]) => s),
  };
}
