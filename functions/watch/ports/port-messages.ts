/** Pure: messages about Service ports, with remedies. */
import type { MissingServicePort } from '../../../shared/domain/istio/port-mapping.ts';
import type { KubernetesError } from '../../../shared/kubernetes/index.ts';
import type { PortKey } from '../../../shared/kubernetes/ownership.ts';
import type { OwnPort } from './port-plan.ts';
import type { EventMessage } from '../report/event-object.ts';

type Port = PortKey;

/** Common prefix of the subjects of a Service's ports. */
export function portsSubject(service: string): string {
  return `${service} port `;
}

/** Subject of Events about one port of a Service. */
export function portSubject(service: string, { port, protocol }: Port): string {
  return `${portsSubject(service)}${port}/${protocol}`;
}

/** The Event after a port was added to the ingress Service. */
export function portAdded(service: string, port: MissingServicePort, own: OwnPort): EventMessage {
  const message =
    `port ${port.port}/${port.protocol} (${own.name}, ` +
    `target port ${own.targetPort}) added to Service ${service} for ${wantedBy(port)}`;
  return {
    subject: portSubject(service, port),
    type: 'Normal',
    reason: 'ServicePortAdded',
    message,
  };
}

/** The Event if the API server refuses to add a port, with a remedy for the kind of error. */
export function portRefused(
  service: string,
  port: MissingServicePort,
  error: KubernetesError,
): EventMessage {
  const message =
    `port ${port.port}/${port.protocol} could not be added to Service ${service} for ` +
    `${wantedBy(port)}: ${error.message}. ${remedy(error)}`;
  return {
    subject: portSubject(service, port),
    type: 'Warning',
    reason: 'ServicePortRefused',
    message,
  };
}

/** The Event if the API server refuses to remove a port that no Gateway needs any more. */
export function withdrawalRefused(
  service: string,
  key: PortKey,
  error: KubernetesError,
): EventMessage {
  const message =
    `port ${key.port}/${key.protocol} could not be removed from Service ${service}, ` +
    `although no Gateway uses it any more: ${error.message}. ${remedy(error)}`;
  return {
    subject: portSubject(service, key),
    type: 'Warning',
    reason: 'ServicePortRefused',
    message,
  };
}

/** With `observe`, the message contains the exact command. */
export function portMissing(service: string, port: MissingServicePort): EventMessage {
  const [namespace = '', name = ''] = service.split('/');
  const patch = JSON.stringify([
    {
      op: 'add',
      path: '/spec/ports/-',
      value: {
        name: port.name,
        port: port.port,
        targetPort: port.targetPort,
        protocol: port.protocol,
      },
    },
  ]);
  const message =
    `port ${port.port}/${port.protocol} is missing from Service ${service}, ` +
    `requested by ${wantedBy(port)}; ` +
    `add it with: kubectl -n ${namespace} patch service ${name} --type=json -p '${patch}'`;
  return {
    subject: portSubject(service, port),
    type: 'Warning',
    reason: 'ServicePortMissing',
    message,
  };
}

/** Errors for which a retry cannot help. */
export function isRefusal(error: KubernetesError): boolean {
  return [400, 403, 409, 422].includes(error.status);
}

/** Denies with 403 or, by default, 422; its message names it. */
const POLICY = /ValidatingAdmissionPolicy '[^']+'/;

/**
 * The remedy by the kind of refusal: an admission policy, a conflict of field managers, a missing
 * permission, or an invalid Service.
 */
function remedy(error: KubernetesError): string {
  const [policy] = POLICY.exec(error.message) ?? [];
  if (policy !== undefined)
    return (
      `Exempt the field manager of the watcher in ${policy}, or set servicePorts: ` +
      'observe and add the port by hand.'
    );
  if (error.status === 409)
    return (
      'Another field manager owns a field of this port. ' +
      'Find it with "kubectl get service --show-managed-fields", ' +
      'then make it release the field or add the port there.'
    );
  if (error.status === 403)
    return (
      'Allow the watcher to patch Services (its Role in infra/kubernetes), ' +
      'or correct the admission policy named above.'
    );
  return 'Correct the Service so that the port fits, or set servicePorts: observe and add the port by hand.';
}

function wantedBy(port: MissingServicePort): string {
  return `Gateway ${port.gateways.join(', ')}`;
}
