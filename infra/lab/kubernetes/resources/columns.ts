/** Table columns of the kinds, as `kubectl get` shows them. */
import { fieldAt, fieldsOf, listOf, textAt } from '../fields.ts';
import type { KubernetesObject } from '../types.ts';
import { humanAge } from './age.ts';
import type { Column } from './resource.ts';

type Cell = Column['cell'];

function column(name: string, cell: Cell, extra: Partial<Column> = {}): Column {
  return { name, cell, ...extra };
}

function text(path: string, missing = ''): Cell {
  return (object) => textAt(object, path) || missing;
}

function count(path: string): Cell {
  return (object) => Number(fieldAt(object, path) ?? 0);
}

function listed(path: string): Cell {
  return (object) => {
    const value = fieldAt(object, path);
    return Array.isArray(value) ? JSON.stringify(value) : '';
  };
}

function condition(type: string): Cell {
  return (object) => textAt(conditionOf(object, type), 'status');
}

function conditionOf(object: KubernetesObject, type: string): unknown {
  return listOf(fieldAt(object, 'status.conditions')).find(
    (entry) => textAt(entry, 'type') === type,
  );
}

const name = column('Name', (object) => object.metadata.name, { format: 'name' });
const age = column('Age', (object, now) => humanAge(object.metadata.creationTimestamp, now));

/** For kinds without columns of their own. */
export const plainColumns: readonly Column[] = [name, age];

function joined(values: readonly string[]): string {
  return values.length === 0 ? '<none>' : values.join(',');
}

function pairs(value: unknown): string {
  return joined(Object.entries(fieldsOf(value)).map(([key, inner]) => `${key}=${String(inner)}`));
}

function servicePorts(object: KubernetesObject): string {
  return joined(
    listOf(fieldAt(object, 'spec.ports')).map((port) => {
      const node = textAt(port, 'nodePort');
      return `${textAt(port, 'port')}${node ? `:${node}` : ''}/${textAt(port, 'protocol') || 'TCP'}`;
    }),
  );
}

function externalIp(object: KubernetesObject): string {
  const fixed = listOf(fieldAt(object, 'spec.externalIPs')).map(String);
  if (textAt(object, 'spec.type') === 'ExternalName')
    return textAt(object, 'spec.externalName') || '<none>';
  if (textAt(object, 'spec.type') !== 'LoadBalancer') return joined(fixed);
  const ingress = listOf(fieldAt(object, 'status.loadBalancer.ingress')).map(
    (entry) => textAt(entry, 'ip') || textAt(entry, 'hostname'),
  );
  const all = [...ingress, ...fixed];
  return all.length === 0 ? '<pending>' : all.join(',');
}

export const serviceColumns: readonly Column[] = [
  name,
  column('Type', text('spec.type')),
  column('Cluster-IP', text('spec.clusterIP', '<none>')),
  column('External-IP', externalIp),
  column('Port(s)', servicePorts),
  age,
  column('Selector', (object) => pairs(fieldAt(object, 'spec.selector')), { wide: true }),
];

function podReady(object: KubernetesObject): string {
  const statuses = listOf(fieldAt(object, 'status.containerStatuses'));
  const ready = statuses.filter((status) => fieldAt(status, 'ready') === true).length;
  return `${ready}/${listOf(fieldAt(object, 'spec.containers')).length}`;
}

function podStatus(object: KubernetesObject): string {
  if (object.metadata.deletionTimestamp) return 'Terminating';
  return textAt(object, 'status.reason') || textAt(object, 'status.phase') || 'Unknown';
}

function restarts(object: KubernetesObject): string {
  const counts = listOf(fieldAt(object, 'status.containerStatuses')).map((status) =>
    Number(fieldAt(status, 'restartCount') ?? 0),
  );
  return String(counts.reduce((sum, one) => sum + one, 0));
}

export const podColumns: readonly Column[] = [
  name,
  column('Ready', podReady),
  column('Status', podStatus),
  column('Restarts', restarts),
  age,
  column('IP', text('status.podIP', '<none>'), { wide: true }),
  column('Node', text('spec.nodeName', '<none>'), { wide: true }),
  column('Nominated Node', text('status.nominatedNodeName', '<none>'), { wide: true }),
  column('Readiness Gates', () => '<none>', { wide: true }),
];

function nodeStatus(object: KubernetesObject): string {
  const ready = textAt(conditionOf(object, 'Ready'), 'status');
  const word = ready === '' ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady';
  return fieldAt(object, 'spec.unschedulable') === true ? `${word},SchedulingDisabled` : word;
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeRoles(object: KubernetesObject): string {
  const labels = Object.keys(object.metadata.labels ?? {});
  return joined(
    labels
      .filter((label) => label.startsWith(rolePrefix))
      .map((label) => label.slice(rolePrefix.length)),
  );
}

function nodeAddress(type: string): Cell {
  return (object) => {
    const found = listOf(fieldAt(object, 'status.addresses')).find(
      (address) => textAt(address, 'type') === type,
    );
    return textAt(found, 'address') || '<none>';
  };
}

export const nodeColumns: readonly Column[] = [
  name,
  column('Status', nodeStatus),
  column('Roles', nodeRoles),
  age,
  column('Version', text('status.nodeInfo.kubeletVersion')),
  column('Internal-IP', nodeAddress('InternalIP'), { wide: true }),
  column('External-IP', nodeAddress('ExternalIP'), { wide: true }),
  column('OS-Image', text('status.nodeInfo.osImage', '<unknown>'), { wide: true }),
  column('Kernel-Version', text('status.nodeInfo.kernelVersion', '<unknown>'), { wide: true }),
  column('Container-Runtime', text('status.nodeInfo.containerRuntimeVersion', '<unknown>'), {
    wide: true,
  }),
];

function lastSeen(object: KubernetesObject, now: number): string {
  const moment = [
    'series.lastObservedTime',
    'lastTimestamp',
    'eventTime',
    'metadata.creationTimestamp',
  ].map((path) => textAt(object, path));
  return humanAge(
    moment.find((value) => value !== ''),
    now,
  );
}

export const eventColumns: readonly Column[] = [
  column('Last Seen', lastSeen),
  column('Type', text('type')),
  column('Reason', text('reason')),
  column(
    'Object',
    (object) =>
      `${textAt(object, 'involvedObject.kind').toLowerCase()}/${textAt(object, 'involvedObject.name')}`,
  ),
  column('Subobject', text('involvedObject.fieldPath'), { wide: true }),
  column(
    'Source',
    (object) => textAt(object, 'source.component') || textAt(object, 'reportingComponent'),
    { wide: true },
  ),
  column('Message', (object) => textAt(object, 'message').trim()),
  column(
    'First Seen',
    (object, now) =>
      humanAge(textAt(object, 'firstTimestamp') || object.metadata.creationTimestamp, now),
    { wide: true },
  ),
  column('Count', (object) => textAt(object, 'count') || '1', { type: 'integer', wide: true }),
  column('Name', (object) => object.metadata.name, { wide: true }),
];

export const namespaceColumns: readonly Column[] = [
  name,
  column('Status', text('status.phase')),
  age,
];

function dataCount(object: KubernetesObject): string {
  return String(
    Object.keys(fieldsOf(object['data'])).length +
      Object.keys(fieldsOf(object['binaryData'])).length,
  );
}

export const configMapColumns: readonly Column[] = [name, column('Data', dataCount), age];
export const secretColumns: readonly Column[] = [
  name,
  column('Type', text('type', 'Opaque')),
  column('Data', dataCount),
  age,
];

export const deploymentColumns: readonly Column[] = [
  name,
  column(
    'Ready',
    (object) => `${count('status.readyReplicas')(object, 0)}/${count('spec.replicas')(object, 0)}`,
  ),
  column('Up-to-date', count('status.updatedReplicas'), { type: 'integer' }),
  column('Available', count('status.availableReplicas'), { type: 'integer' }),
  age,
];

function subsets(object: KubernetesObject): string {
  const all = listOf(object['subsets']).flatMap((subset) =>
    listOf(fieldAt(subset, 'addresses')).flatMap((address) => {
      const ports = listOf(fieldAt(subset, 'ports'));
      return ports.length === 0
        ? [textAt(address, 'ip')]
        : ports.map((port) => `${textAt(address, 'ip')}:${textAt(port, 'port')}`);
    }),
  );
  return shortened(all);
}

function shortened(all: readonly string[]): string {
  if (all.length === 0) return '<none>';
  return all.length > 3
    ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...`
    : all.join(',');
}

export const endpointsColumns: readonly Column[] = [name, column('Endpoints', subsets), age];

export const endpointSliceColumns: readonly Column[] = [
  name,
  column('AddressType', text('addressType')),
  column('Ports', (object) =>
    shortened(listOf(object['ports']).map((port) => textAt(port, 'port') || '*')).replace(
      '<none>',
      '<unset>',
    ),
  ),
  column('Endpoints', (object) =>
    shortened(
      listOf(object['endpoints']).flatMap((end) => listOf(fieldAt(end, 'addresses')).map(String)),
    ).replace('<none>', '<unset>'),
  ),
  age,
];

export const leaseColumns: readonly Column[] = [
  name,
  column('Holder', text('spec.holderIdentity')),
  age,
];

export const virtualServiceColumns: readonly Column[] = [
  name,
  column('Gateways', listed('spec.gateways')),
  column('Hosts', listed('spec.hosts')),
  age,
];
export const destinationRuleColumns: readonly Column[] = [
  name,
  column('Host', text('spec.host')),
  age,
];
export const serviceEntryColumns: readonly Column[] = [
  name,
  column('Hosts', listed('spec.hosts')),
  column('Location', text('spec.location')),
  column('Resolution', text('spec.resolution')),
  age,
];

/** Gateway of the Gateway API. */
export const apiGatewayColumns: readonly Column[] = [
  name,
  column('Class', text('spec.gatewayClassName')),
  column('Address', (object) =>
    listOf(fieldAt(object, 'status.addresses'))
      .map((address) => textAt(address, 'value'))
      .join(','),
  ),
  column('Programmed', condition('Programmed')),
  age,
];
export const gatewayClassColumns: readonly Column[] = [
  name,
  column('Controller', text('spec.controllerName')),
  column('Accepted', condition('Accepted')),
  age,
  column('Description', text('spec.description'), { wide: true }),
];
/** Routes of the Gateway API that have host names. */
export const hostnameColumns: readonly Column[] = [
  name,
  column('Hostnames', listed('spec.hostnames')),
  age,
];

/** Addresses of one type in the spec. */
function specAddress(type: string): Cell {
  return (object) => {
    const found = listOf(fieldAt(object, 'spec.addresses')).find(
      (address) => textAt(address, 'type') === type,
    );
    return textAt(found, 'ip');
  };
}

/** CiliumNode of Cilium. */
export const ciliumNodeColumns: readonly Column[] = [
  name,
  column('CiliumInternalIP', specAddress('CiliumInternalIP')),
  column('InternalIP', specAddress('InternalIP')),
  age,
];
