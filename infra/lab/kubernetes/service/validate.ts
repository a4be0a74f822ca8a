/** Validates a Service; each violation is a cause with its field. */
import { isIP } from 'node:net';
import { fieldAt, listOf, textAt } from '../fields.ts';
import { dnsLabel } from '../names.ts';
import type { Cause, Fields, KubernetesObject } from '../types.ts';
import { isExternal, isHeadless, nodePortOf, portsOf, specOf, typeOf } from './spec.ts';

function cause(field: string, message: string, reason = 'FieldValueInvalid'): Cause {
  return { reason, message, field };
}

function unsupported(field: string, value: string, supported: readonly string[]): Cause {
  const list = supported.map((one) => JSON.stringify(one)).join(', ');
  return cause(
    field,
    `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
    'FieldValueNotSupported',
  );
}

/** `before`: the stored one; some fields must not change. */
export function validateService(
  service: KubernetesObject,
  before?: KubernetesObject,
): readonly Cause[] {
  return [
    ...validateType(service),
    ...validatePorts(service),
    ...validatePolicy(service),
    ...validateStatus(service),
    ...(before ? immutable(before, service) : []),
    ...validateClass(before, service),
  ];
}

const modes = ['Proxy', 'VIP'];
const badAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function validateType(service: KubernetesObject): readonly Cause[] {
  const type = typeOf(service);
  const found = types.includes(type) ? [] : [unsupported('spec.type', type, types)];
  const address = textAt(specOf(service), 'clusterIP');
  if (isExternal(service) && isHeadless(service))
    found.push(
      cause(
        'spec.clusterIPs[0]',
        `Invalid value: "None": may not be set to 'None' for ${type} services`,
      ),
    );
  if (address !== '' && address !== 'None' && isIP(address) === 0)
    found.push(cause('spec.clusterIPs[0]', `Invalid value: "${address}": ${badAddress}`));
  return found;
}

function validatePorts(service: KubernetesObject): readonly Cause[] {
  const ports = portsOf(service);
  const optional = isHeadless(service) || typeOf(service) === 'ExternalName';
  if (ports.length === 0 && !optional)
    return [cause('spec.ports', 'Required value', 'FieldValueRequired')];
  return [
    ...ports.flatMap((port, index) =>
      validatePort(port, `spec.ports[${index}]`, {
        named: ports.length > 1,
        forbidsNodePorts: !isExternal(service),
        type: typeOf(service),
      }),
    ),
    ...duplicates(ports),
  ];
}

/** What the rules for each port depend on. */
interface PortRules {
  /** Every port needs a name. */
  readonly named: boolean;
  readonly forbidsNodePorts: boolean;
  /** Of the Service. */
  readonly type: string;
}

function validatePort(
  port: Fields,
  at: string,
  { named, forbidsNodePorts, type }: PortRules,
): readonly Cause[] {
  const found = [...validatePortName(port, at, named)];
  if (!validNumber(port['port']))
    found.push(
      cause(
        `${at}.port`,
        `Invalid value: ${textAt(port, 'port') || 0}: must be between 1 and 65535, inclusive`,
      ),
    );
  const protocol = textAt(port, 'protocol');
  if (!['TCP', 'UDP', 'SCTP'].includes(protocol))
    found.push(unsupported(`${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']));
  const target = port['targetPort'];
  for (const wrong of targetProblems(target))
    found.push(cause(`${at}.targetPort`, `Invalid value: ${JSON.stringify(target)}: ${wrong}`));
  if (nodePortOf(port) !== 0 && forbidsNodePorts) {
    found.push(
      cause(
        `${at}.nodePort`,
        `Forbidden: may not be used when \`type\` is '${type}'`,
        'FieldValueForbidden',
      ),
    );
  }
  return found;
}

function validatePortName(port: Fields, at: string, required: boolean): readonly Cause[] {
  const name = textAt(port, 'name');
  if (name === '')
    return required ? [cause(`${at}.name`, 'Required value', 'FieldValueRequired')] : [];
  const wrong = dnsLabel(name);
  return wrong === undefined ? [] : [cause(`${at}.name`, `Invalid value: "${name}": ${wrong}`)];
}

function validNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** Rules for the name of a port, each with the API server's message for a violation. */
const portNames: readonly (readonly [(name: string) => boolean, string])[] = [
  [(name) => name.length <= 15, 'must be no more than 15 characters'],
  [
    (name) => /^[-a-z0-9]+$/i.test(name),
    'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  [(name) => /[a-z]/i.test(name), 'must contain at least one letter (a-z)'],
  [(name) => !name.includes('--'), 'must not contain consecutive hyphens'],
  [(name) => !/^-|-$/.test(name), 'must not begin or end with a hyphen'],
];

function targetProblems(value: unknown): readonly string[] {
  if (typeof value !== 'string')
    return validNumber(value) ? [] : ['must be between 1 and 65535, inclusive'];
  return portNames.flatMap(([fine, wrong]) => (fine(value) ? [] : [wrong]));
}

/** At each port whose name or number an earlier one has. */
function duplicates(ports: readonly Fields[]): readonly Cause[] {
  const names = new Set<string>();
  const numbers = new Set<string>();
  const isSecond = (seen: Set<string>, one: string): boolean => {
    const known = seen.has(one);
    seen.add(one);
    return known;
  };
  return ports.flatMap((port, index) => {
    const name = textAt(port, 'name');
    const found: Cause[] = [];
    if (isSecond(names, name) && name !== '') {
      found.push(
        cause(`spec.ports[${index}].name`, `Duplicate value: "${name}"`, 'FieldValueDuplicate'),
      );
    }
    if (isSecond(numbers, `${textAt(port, 'port')}/${textAt(port, 'protocol')}`)) {
      const value = JSON.stringify({ port: port['port'], protocol: port['protocol'] });
      found.push(cause(`spec.ports[${index}]`, `Duplicate value: ${value}`, 'FieldValueDuplicate'));
    }
    return found;
  });
}

function validatePolicy(service: KubernetesObject): readonly Cause[] {
  const policy = textAt(specOf(service), 'externalTrafficPolicy');
  if (policy === '') return [];
  if (!['Cluster', 'Local'].includes(policy))
    return [unsupported('spec.externalTrafficPolicy', policy, ['Cluster', 'Local'])];
  const fixed = listOf(specOf(service)['externalIPs']).length > 0;
  if (isExternal(service) || fixed) return [];
  return [
    cause(
      'spec.externalTrafficPolicy',
      `Invalid value: "${policy}": may only be set for externally-accessible services`,
    ),
  ];
}

function validateStatus(service: KubernetesObject): readonly Cause[] {
  const ingress = listOf(fieldAt(service, 'status.loadBalancer.ingress'));
  const path = 'status.loadBalancer.ingress';
  if (ingress.length > 0 && typeOf(service) !== 'LoadBalancer') {
    return [
      cause(
        path,
        "Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
        'FieldValueForbidden',
      ),
    ];
  }
  return ingress.flatMap((entry, index) => {
    const at = `${path}[${index}]`;
    const ip = textAt(entry, 'ip');
    const mode = textAt(entry, 'ipMode');
    const found: Cause[] = [];
    if (ip !== '' && isIP(ip) === 0)
      found.push(cause(`${at}.ip`, `Invalid value: "${ip}": ${badAddress}`));
    if (mode !== '' && ip === '')
      found.push(
        cause(
          `${at}.ipMode`,
          'Forbidden: may not be specified when `ip` is not set',
          'FieldValueForbidden',
        ),
      );
    else if (mode !== '' && !modes.includes(mode))
      found.push(unsupported(`${at}.ipMode`, mode, modes));
    return found;
  });
}

function immutable(before: KubernetesObject, after: KubernetesObject): readonly Cause[] {
  if (typeOf(before) === 'ExternalName' || typeOf(after) === 'ExternalName') return [];
  const address = textAt(specOf(after), 'clusterIP');
  if (address === textAt(specOf(before), 'clusterIP')) return [];
  return [
    cause('spec.clusterIPs[0]', `Invalid value: []string{"${address}"}: may not change once set`),
  ];
}

/** The class of a LoadBalancer, or its absence, can only change together with the type. */
function validateClass(
  before: KubernetesObject | undefined,
  after: KubernetesObject,
): readonly Cause[] {
  const field = 'spec.loadBalancerClass';
  const wanted = specOf(after)['loadBalancerClass'];
  if (typeOf(after) !== 'LoadBalancer') {
    const forbidden = "Forbidden: may only be used when `spec.type` is 'LoadBalancer'";
    return wanted === undefined ? [] : [cause(field, forbidden, 'FieldValueForbidden')];
  }
  if (typeOf(before) !== 'LoadBalancer' || wanted === specOf(before)['loadBalancerClass'])
    return [];
  const shown = wanted === undefined ? 'null' : JSON.stringify(wanted);
  return [cause(field, `Invalid value: ${shown}: may not change once set`)];
}
