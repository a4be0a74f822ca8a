/** Recognises changes that Sluice wrote itself, which need no snapshot. */
import { isDeepStrictEqual } from 'node:util';
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { PortKey } from '../../../shared/kubernetes/ownership.ts';
import type { CacheChange } from '../cache/cluster-index.ts';
import type { OwnedPort } from '../ports/own-ports.ts';
import { anyOf } from '../ports/port-plan.ts';
import { sameContent, type Content } from './snapshot-content.ts';

/** The ingress Service, its ports that Sluice added at any time, and the mapping of a content. */
export interface OwnWriteOptions {
  readonly ref: IngressRef;
  readonly isOwnPort: (port: PortKey) => boolean;
  /** Called only if a port was added or removed. */
  readonly mapping: (content: Content) => object;
}

/**
 * Whether the content differs from what was sent only by what Sluice itself wrote to the ingress
 * Service (ports and status), and maps to the same.
 */
export function isOwnWrite(options: OwnWriteOptions, sent: Content, content: Content): boolean {
  const { ref, isOwnPort, mapping } = options;
  const isOurs = serviceOf(content, ref)?.statusIsOurs === true;
  const withoutStatus = (one: Content): Content =>
    isOurs ? withService(one, ref, { loadBalancerIngress: [], statusIsOurs: true }) : one;
  const withoutPorts = (one: Content): Content =>
    withService(one, ref, {
      ports: (serviceOf(one, ref)?.ports ?? []).filter((port) => !isOwnPort(port)),
    });
  const [before, after] = [withoutStatus(sent), withoutStatus(content)];
  if (sameContent(before, after)) return true;
  return (
    sameContent(withoutPorts(before), withoutPorts(after)) &&
    isDeepStrictEqual(mapping(sent), mapping(content))
  );
}

/**
 * Whether only what Sluice itself wrote to a Service differs. That is no change by its author, who
 * may have asked for something by it. Sluice adds and removes ports, but never edits one.
 * `wasOwnPort`: whether Sluice owned the port at any time.
 */
export function isOwnServiceWrite(
  { change, before, observed }: CacheChange,
  wasOwnPort: (port: OwnedPort) => boolean,
): boolean {
  if (change.what !== 'updated' || before?.of !== 'services' || observed.of !== 'services')
    return false;
  const { object: after, owned } = observed;
  const service = `${change.namespace}/${change.name}`;
  const others = (
    one: Service,
    { ports }: Service,
    isOwn: OwnWriteOptions['isOwnPort'],
  ): Service => {
    const isInBoth = anyOf(ports);
    return {
      ...one,
      ports: one.ports.filter((port) => isInBoth(port) || !isOwn(port)),
      ...(after.statusIsOurs === true && { loadBalancerIngress: [], statusIsOurs: true }),
    };
  };
  return isDeepStrictEqual(
    others(before.object, after, (port) => wasOwnPort({ ...port, service })),
    others(after, before.object, anyOf(owned.ports)),
  );
}

function serviceOf({ objects }: Content, { namespace, service }: IngressRef): Service | undefined {
  return objects.services.find(({ meta }) => meta.namespace === namespace && meta.name === service);
}

/**
 * The content with another version of the ingress Service, to ask whether the difference matters.
 */
function withService(content: Content, ref: IngressRef, edit: Partial<Service>): Content {
  const service = serviceOf(content, ref);
  const services = content.objects.services.map((one) =>
    one === service ? { ...one, ...edit } : one,
  );
  return { ...content, objects: { ...content.objects, services } };
}
