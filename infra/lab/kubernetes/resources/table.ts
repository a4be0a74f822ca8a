/** The table of all resources that the lab serves. */
import * as columns from './columns.ts';
import type { Resource } from './resource.ts';
import * as schemas from './schemas.ts';

type Row = Partial<Resource> & Pick<Resource, 'kind' | 'plural'>;

function resource(group: string, versions: readonly string[], row: Row): Resource {
  const builtIn = row.builtIn ?? true;
  const defaults = {
    singular: row.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    status: false,
    builtIn,
    unconditional: builtIn,
    createOnUpdate: false,
    review: false,
    generation: !builtIn,
    storage: group === '' ? row.plural : `${row.plural}.${group}`,
    selectable: [],
    schema: schemas.plainSchema,
    columns: columns.plainColumns,
  };
  return { group, versions, ...defaults, ...row };
}

function core(row: Row): Resource {
  return resource('', ['v1'], row);
}

function istio(row: Row): Resource {
  const common = { status: true, builtIn: false, categories: ['istio-io', 'networking-istio-io'] };
  return resource('networking.istio.io', ['v1', 'v1beta1', 'v1alpha3'], { ...common, ...row });
}

function gatewayApi(versions: readonly string[], row: Row): Resource {
  const common = { status: true, builtIn: false, categories: ['gateway-api'] };
  return resource('gateway.networking.k8s.io', versions, { ...common, ...row });
}

function cis(kind: string, plural: string, shortNames: readonly string[] = []): Resource {
  return resource('cis.f5.com', ['v1'], { kind, plural, shortNames, status: true, builtIn: false });
}

const aboutEvents = [
  'kind',
  'namespace',
  'name',
  'uid',
  'apiVersion',
  'resourceVersion',
  'fieldPath',
];
const coreEvents = [
  ...aboutEvents.map((field) => `involvedObject.${field}`),
  'reason',
  'type',
  'source.component',
  'reportingComponent',
];
const newEvents = [
  ...aboutEvents.map((field) => `regarding.${field}`),
  'reason',
  'type',
  'reportingController',
];
const event = {
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  storage: 'events',
  schema: schemas.eventSchema,
  createOnUpdate: true,
  columns: columns.eventColumns,
};

/** In the order in which kubectl resolves a name that several groups have, such as "gateway". */
export const allResources: readonly Resource[] = [
  core({
    kind: 'ConfigMap',
    plural: 'configmaps',
    shortNames: ['cm'],
    columns: columns.configMapColumns,
  }),
  core({
    kind: 'Endpoints',
    plural: 'endpoints',
    shortNames: ['ep'],
    columns: columns.endpointsColumns,
    createOnUpdate: true,
  }),
  core({ ...event, selectable: coreEvents }),
  core({
    kind: 'Namespace',
    plural: 'namespaces',
    shortNames: ['ns'],
    namespaced: false,
    status: true,
    selectable: ['status.phase'],
    columns: columns.namespaceColumns,
  }),
  core({
    kind: 'Node',
    plural: 'nodes',
    shortNames: ['no'],
    namespaced: false,
    status: true,
    selectable: ['spec.unschedulable'],
    schema: schemas.nodeSchema,
    columns: columns.nodeColumns,
  }),
  core({
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    status: true,
    selectable: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
    ],
    schema: schemas.podSchema,
    columns: columns.podColumns,
  }),
  core({ kind: 'Secret', plural: 'secrets', selectable: ['type'], columns: columns.secretColumns }),
  core({
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
    schema: schemas.serviceAccountSchema,
  }),
  core({
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    status: true,
    selectable: ['spec.clusterIP', 'spec.type'],
    schema: schemas.serviceSchema,
    columns: columns.serviceColumns,
  }),
  resource('apps', ['v1'], {
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    status: true,
    schema: schemas.deploymentSchema,
    columns: columns.deploymentColumns,
    generation: true,
  }),
  resource('coordination.k8s.io', ['v1'], {
    kind: 'Lease',
    plural: 'leases',
    columns: columns.leaseColumns,
    unconditional: false,
    createOnUpdate: true,
  }),
  resource('discovery.k8s.io', ['v1'], {
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    columns: columns.endpointSliceColumns,
    generation: true,
  }),
  resource('authorization.k8s.io', ['v1'], {
    kind: 'SelfSubjectAccessReview',
    plural: 'selfsubjectaccessreviews',
    namespaced: false,
    review: true,
  }),
  resource('networking.k8s.io', ['v1'], {
    kind: 'Ingress',
    plural: 'ingresses',
    shortNames: ['ing'],
    status: true,
  }),
  resource('events.k8s.io', ['v1'], { ...event, selectable: newEvents }),
  gatewayApi(['v1', 'v1beta1'], {
    kind: 'GatewayClass',
    plural: 'gatewayclasses',
    shortNames: ['gc'],
    namespaced: false,
    schema: schemas.gatewayClassSchema,
    columns: columns.gatewayClassColumns,
  }),
  gatewayApi(['v1', 'v1beta1'], {
    kind: 'Gateway',
    plural: 'gateways',
    shortNames: ['gtw'],
    schema: schemas.apiGatewaySchema,
    columns: columns.apiGatewayColumns,
  }),
  gatewayApi(['v1', 'v1beta1'], {
    kind: 'HTTPRoute',
    plural: 'httproutes',
    columns: columns.hostnameColumns,
  }),
  gatewayApi(['v1'], { kind: 'GRPCRoute', plural: 'grpcroutes', columns: columns.hostnameColumns }),
  gatewayApi(['v1', 'v1alpha2'], { kind: 'TLSRoute', plural: 'tlsroutes' }),
  gatewayApi(['v1', 'v1alpha2'], { kind: 'TCPRoute', plural: 'tcproutes' }),
  gatewayApi(['v1'], {
    kind: 'ListenerSet',
    plural: 'listenersets',
    shortNames: ['lset'],
    schema: schemas.apiGatewaySchema,
  }),
  gatewayApi(['v1', 'v1beta1'], {
    kind: 'ReferenceGrant',
    plural: 'referencegrants',
    shortNames: ['refgrant'],
  }),
  resource('cilium.io', ['v2'], {
    kind: 'CiliumNode',
    plural: 'ciliumnodes',
    shortNames: ['cn', 'ciliumn'],
    categories: ['cilium'],
    namespaced: false,
    status: true,
    builtIn: false,
    columns: columns.ciliumNodeColumns,
  }),
  resource('crd.projectcalico.org', ['v1'], {
    kind: 'BlockAffinity',
    plural: 'blockaffinities',
    namespaced: false,
    builtIn: false,
  }),
  // Calico without its API server keeps its resources here.
  resource('projectcalico.org', ['v3'], {
    kind: 'BlockAffinity',
    plural: 'blockaffinities',
    shortNames: ['affinity', 'affinities'],
    namespaced: false,
    builtIn: false,
  }),
  cis('VirtualServer', 'virtualservers', ['vs']),
  cis('TransportServer', 'transportservers', ['ts']),
  cis('IngressLink', 'ingresslinks', ['il']),
  cis('TLSProfile', 'tlsprofiles'),
  cis('Policy', 'policies'),
  cis('ExternalDNS', 'externaldnses', ['edns']),
  istio({
    kind: 'DestinationRule',
    plural: 'destinationrules',
    shortNames: ['dr'],
    columns: columns.destinationRuleColumns,
  }),
  istio({ kind: 'EnvoyFilter', plural: 'envoyfilters' }),
  istio({ kind: 'Gateway', plural: 'gateways', shortNames: ['gw'] }),
  istio({
    kind: 'ServiceEntry',
    plural: 'serviceentries',
    shortNames: ['se'],
    columns: columns.serviceEntryColumns,
  }),
  istio({
    kind: 'VirtualService',
    plural: 'virtualservices',
    shortNames: ['vs'],
    columns: columns.virtualServiceColumns,
  }),
];
