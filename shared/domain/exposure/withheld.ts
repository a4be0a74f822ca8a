/**
 * Decides whether a listening server is exposed at all, so that private ports are never published
 * by accident.
 */
import { readExposeRequest } from './sources/expose-annotation.ts';
import type { Candidate } from './sources/candidates.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import type { PlacementRefusal } from './place.ts';
import type { ServicePortMapping } from '../istio/port-mapping.ts';

/** The reason why a server is not exposed. With `onlyAnew`, a declared exposure stays. */
export interface Withheld {
  readonly refusal: PlacementRefusal;
  readonly onlyAnew: boolean;
}

/**
 * In this order: exclusion by the author, doubts of the mapping, request by the author,
 * `ingresses[].expose`, internal port.
 */
export function whyWithheld(
  pool: IndexedIngress,
  candidate: Candidate,
  allowsInternal: () => boolean,
): Withheld | undefined {
  const { object, report, doubt } = candidate;
  const wish = readExposeRequest(pool, candidate);
  if (wish !== undefined && 'problem' in wish)
    return { refusal: { code: 'GW120', message: wish.problem }, onlyAnew: false };
  const about = `${object} port ${report.port}`;
  if (wish?.offered === false) {
    const message = `${about}: ${wish.source} excludes it from BIG-IP`;
    return { refusal: { code: 'GW148', message }, onlyAnew: false };
  }
  if (doubt !== undefined) return { refusal: doubt, onlyAnew: true };
  if (wish?.offered === true) return undefined;
  if (candidate.ingress !== undefined) {
    const message =
      `istiod makes ${object} of ${candidate.ingress} and listens on port ${report.port}; ` +
      'what comes of an Ingress is offered only if it asks for it: ' +
      'set annotation sluice.io/expose: "true" on the Ingress';
    return { refusal: { code: 'GW147', message }, onlyAnew: true };
  }
  if (pool.entry.expose === 'annotated') {
    const message =
      `${about} is not newly exposed, because ingress ${pool.name} has expose: ` +
      'annotated in sluice.yaml and the Gateway lacks the annotation; set sluice.io/expose: ' +
      '"true" on the Gateway';
    return { refusal: { code: 'GW147', message }, onlyAnew: true };
  }
  const other = internalService(pool, report.servicePorts);
  if (other === undefined || allowsInternal()) return undefined;
  const message =
    `${about} is internal: Service ${other.service} (port ${other.port}) leads there, ` +
    `but ingress Service ${pool.name} does not, so it is not newly exposed. ` +
    'To expose it, set annotation sluice.io/expose: "true" on the Gateway, ' +
    `add a port that leads to ${other.targetPort} to Service ${pool.name}, ` +
    'or allow it in a policy rule with internal: true';
  return { refusal: { code: 'GW146', message }, onlyAnew: true };
}

/**
 * Whether another Service of the same pods leads to the listener, and the ingress Service does not.
 */
function internalService(
  { name }: IndexedIngress,
  ports: readonly ServicePortMapping[],
): ServicePortMapping | undefined {
  const leading = ports.filter(({ reachesListener }) => reachesListener);
  return leading.some(({ service }) => service === name) ? undefined : leading[0];
}
