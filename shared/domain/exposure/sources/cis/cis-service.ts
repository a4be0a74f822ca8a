/** Services of type LoadBalancer that CIS publishes for their annotations. */
import { isJsonObject } from '../../../json-object.ts';
import { readAnnotations } from '../annotations.ts';
import { takeAddress } from './cis-address.ts';
import { draftOf, reportLost } from './cis-draft.ts';
import { finishSettings } from './cis-fitting.ts';
import { type CisObject, cisObjectName, isEmpty, type Reading, textOf } from './cis-object.ts';
import { mergePolicy, readPolicy, usedPolicy } from './cis-policy.ts';
import { everyPort, USUAL_TCP_PERSISTENCE } from './cis-resources.ts';

/** Prefixes of the annotations that CIS reads on Services. */
const PREFIXES = ['cis.f5.com/', 'virtual-server.f5.com/'];

/** Names a Policy, which Sluice does not read itself. */
const POLICY_NAME = 'cis.f5.com/policyName';
/** Not earlier, because CIS would take the Policy from the virtual server that it serves. */
const POLICY_CARRIED =
  'is carried; remove it when CIS no longer publishes the Service: Sluice refuses one that has it';

/** Only the annotations of CIS. */
function annotationsOf({ annotations }: CisObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).filter(([name]) =>
      PREFIXES.some((prefix) => name.startsWith(prefix)),
    ),
  );
}

/** The address that BIG-IP serves for a Service, according to its status. */
function servedAddress({ status }: CisObject): unknown {
  const balancer = isJsonObject(status['loadBalancer']) ? status['loadBalancer'] : {};
  const [first] = Array.isArray(balancer['ingress']) ? (balancer['ingress'] as unknown[]) : [];
  return isJsonObject(first) ? first['ip'] : undefined;
}

/** Undefined for a Service that does not request anything from CIS. */
export function readLoadBalancer(
  service: CisObject,
  all: readonly CisObject[],
): Reading | undefined {
  const annotations = annotationsOf(service);
  const labels = Object.keys(service.labels).filter((name) => name.startsWith('cis.f5.com/'));
  const draft = draftOf(service);
  for (const name of labels)
    reportLost(draft, name, 'fills the pool of an AS3 ConfigMap, which Sluice does not read');
  if (Object.keys(annotations).length === 0)
    return labels.length === 0 ? undefined : { notCarried: draft.lost };
  const { 'cis.f5.com/ipamLabel': label, [POLICY_NAME]: policyName, ...read } = annotations;
  const at = { port: 0, protocol: 'TCP', servers: [], strictPorts: false };
  const { wanted, refusals, notes } = readAnnotations(cisObjectName(service), read, at);
  const { port: _, partition, ...settings } = wanted;
  Object.assign(draft.wanted, settings);
  for (const { message } of [...refusals, ...notes])
    reportLost(draft, 'annotations', withoutName(message, draft.object));
  const policy = readPolicy(
    draft,
    { field: POLICY_NAME, name: policyName, namespace: service.namespace },
    { kind: 'TransportServer', secure: false },
    all,
  );
  const problem = whyNotServed(service, annotations, refusals.length > 0);
  if (problem !== undefined) reportLost(draft, 'annotations', problem);
  if (policy !== undefined) mergePolicy(draft, policy);
  finishSettings(draft, USUAL_TCP_PERSISTENCE);
  if (problem !== undefined || draft.blocked) return { notCarried: draft.lost };
  if (policy !== undefined) reportLost(draft, POLICY_NAME, POLICY_CARRIED);
  takeAddress(draft, label, servedAddress(service), 'cis.f5.com/ipamLabel');
  reportLost(draft, 'ports', everyPort(service));
  return {
    server: {
      object: draft.object,
      service: `${service.namespace}/${service.name}`,
      servicePort: undefined,
      virtualPort: undefined,
      partition,
      wanted: draft.wanted,
      stays: label === undefined && policyName === undefined,
      outranks: label === undefined,
      needsGateway: true,
      ...(policy !== undefined && usedPolicy(draft.wanted, policy)),
    },
    notCarried: draft.lost,
  };
}

/** Undefined if CIS publishes the Service and Sluice can do the same. */
function whyNotServed(
  { spec }: CisObject,
  annotations: Readonly<Record<string, string>>,
  isRefused: boolean,
): string | undefined {
  if (spec['type'] !== 'LoadBalancer')
    return `CIS reads them on Services of type LoadBalancer, and this one is ${textOf(spec['type']) ?? 'ClusterIP'}`;
  if (isEmpty(annotations['cis.f5.com/ip']) && isEmpty(annotations['cis.f5.com/ipamLabel']))
    return 'cis.f5.com/ip and cis.f5.com/ipamLabel are missing, so CIS does not publish the Service';
  return isRefused
    ? 'the whole virtual server is left out; ' +
        'Sluice refuses every port of this Service until these annotations are removed'
    : undefined;
}

/** The name of the annotation has a column of its own. */
function withoutName(message: string, name: string): string {
  return message.replace(`${name}: `, '').replace(/^annotation /, '');
}
