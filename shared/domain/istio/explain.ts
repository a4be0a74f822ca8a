/** Builds the message of each verdict: the decision of the rules, and the matching Services. */
import type { ServerEvaluation } from './server-evaluation.ts';
import { isManagedService } from './gateway-api/gateways.ts';
import { namespacedName } from './object-age.ts';
import type { Service } from '../snapshot/objects.ts';
import type { MissingServicePort, ServicePortMapping, Verdict } from './port-mapping.ts';

/**
 * The surroundings of one evaluated server: the Service ports that lead to it, and the port that
 * would have to be added.
 */
export interface ExplanationContext {
  /** Ports of Services that lead to the server. */
  readonly servicePorts: readonly ServicePortMapping[];
  readonly services: readonly Service[];
  /** The port that would have to be added. */
  readonly missing: MissingServicePort | undefined;
  readonly missingInService: boolean;
  /** Services that istiod keeps, so that nobody else should change them. */
  readonly managed: ReadonlySet<string>;
}

function nodePort(port: ServicePortMapping): string {
  return port.nodePort === null ? '' : ` (node port ${port.nodePort})`;
}

function addition(missing: MissingServicePort): string {
  return `Service ${missing.service} lacks port ${missing.port} -> ${missing.targetPort} (${missing.name})`;
}

function names(services: readonly Service[]): string {
  return services.map(({ meta }) => namespacedName(meta)).join(', ');
}

/** Describes the path to a listener through the Services. */
function wayIn({
  servicePorts,
  services,
  missing,
  missingInService,
  managed,
}: ExplanationContext): string {
  const leading = servicePorts
    .filter(({ reachesListener }) => reachesListener)
    .map((port) => `Service ${port.service} port ${port.port}${nodePort(port)} leads there`);
  if (missing !== undefined) return [...leading, addition(missing)].join('; ');
  if (leading.length > 0) return leading.join('; ');
  if (services.length === 0) return 'no Service selects the gateway pods';
  const elsewhere = servicePorts.map(
    ({ service, port, targetPort }) =>
      `port ${port} of Service ${service} leads to ${targetPort} instead`,
  );
  if (elsewhere.length > 0) return `no Service port leads there: ${elsewhere.join('; ')}`;
  const kept = missingInService && services.every((service) => isManagedService(service, managed));
  return kept
    ? `Service ${names(services)} has no such port, and istiod manages it: add a listener to its Gateway`
    : `no port of Service ${names(services)} leads there`;
}

/**
 * The second half of a sentence: the Service port to add, or the one to change. Empty if there is
 * nothing to say.
 */
function remedy(verdict: Verdict, { missing, servicePorts }: ExplanationContext): string {
  if (missing !== undefined) return `; ${addition(missing)}`;
  const [there] = verdict === 'privileged-port' ? servicePorts : [];
  return there === undefined
    ? ''
    : `; give port ${there.port} of Service ${there.service} a targetPort of 1024 or more`;
}

/** The sentence for a server that works: ports, bind address, HTTP/3 and the way in. */
function listening(judgement: ServerEvaluation, circumstances: ExplanationContext): string {
  const bind =
    judgement.spec === undefined || judgement.spec.bind === '' ? '' : ` of ${judgement.spec.bind}`;
  const by = judgement.reason === '' ? '' : `, routed by ${judgement.reason}`;
  const http3 = judgement.http3 ? ' (TCP, and UDP for HTTP/3)' : '';
  return `Envoy listens on port ${judgement.open.join(', ')}${bind}${http3}${by}; ${wayIn(circumstances)}`;
}

/**
 * The message for the verdict. Names the gateway, the server and, where an action is possible, the
 * remedy.
 */
export function explain(judgement: ServerEvaluation, circumstances: ExplanationContext): string {
  switch (judgement.verdict) {
    case 'listening':
      return listening(judgement, circumstances);
    case 'privileged-port':
    case 'no-service-port':
      return `${judgement.reason}${remedy(judgement.verdict, circumstances)}`;
    default:
      return judgement.reason;
  }
}

/** Some pods of an ingress may differ, for instance during a rollout. */
export function formatSomePods(pods: readonly string[], all: number): string {
  return ` (in ${pods.length} of ${all} gateway pods: ${pods.slice(0, 3).join(', ')}${pods.length > 3 ? ', …' : ''})`;
}
