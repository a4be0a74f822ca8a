/**
 * What F5 CIS makes of its objects in a cluster, as far as the lab plays it: F5 ConfigMaps and
 * TransportServers for Services with node ports. Written against F5's documentation, and not with
 * the code that converts these objects for Sluice.
 */

/** An object of the API. */
export interface CisInput {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** Where a virtual server is, and where it leads. */
export interface CisServer {
  /** Of the virtual server and its pool, as CIS names them. */
  readonly name: string;
  readonly pool: string;
  readonly mode: 'http' | 'tcp' | 'performance';
  readonly address: string;
  readonly port: number;
  readonly service: string;
  readonly servicePort: number;
  readonly balance: string;
  readonly snat: string;
  readonly monitors: readonly { readonly type: string; readonly interval: number }[];
}

interface Fields {
  readonly [field: string]: unknown;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** AS3 takes none of these characters in names. */
function as3Name(text: string): string {
  return text.replaceAll(/[.:/-]/g, '_');
}

function textOf(value: unknown, usual = ''): string {
  return typeof value === 'string' ? value : usual;
}

function monitorsIn(list: unknown, type: string): CisServer['monitors'] {
  if (!Array.isArray(list)) return [];
  return list.map((one: unknown) => {
    const { interval = 5, ...rest } = fieldsOf(one);
    return { type: textOf(rest[type]), interval: Number(interval) };
  });
}

/** Undefined if CIS refuses the ConfigMap: unreadable, or for another partition. */
export function ofConfigMap(object: CisInput, partition: string): CisServer | undefined {
  const { namespace = 'default', name = '' } = object.metadata ?? {};
  const text = fieldsOf(object['data'])['data'];
  try {
    const { backend, frontend } = fieldsOf(
      fieldsOf(JSON.parse(textOf(text)))['virtualServer'],
    ) as Record<'backend' | 'frontend', Fields>;
    const at = fieldsOf(frontend['virtualAddress']);
    if (frontend['partition'] !== partition || typeof at['bindAddr'] !== 'string') return undefined;
    const service = textOf(backend['serviceName']);
    return {
      name: as3Name(`${namespace}_${name}`),
      pool: as3Name(`cfgmap_${namespace}_${name}_${service}`),
      mode: frontend['mode'] === 'http' ? 'http' : 'tcp',
      address: at['bindAddr'],
      port: Number(at['port']),
      service: `${namespace}/${service}`,
      servicePort: Number(backend['servicePort']),
      balance: textOf(frontend['balance'], 'round-robin'),
      snat: 'auto',
      monitors: monitorsIn(backend['healthMonitors'], 'protocol'),
    };
  } catch {
    return undefined;
  }
}

/** Undefined without an address, which only the IPAM controller could give it. */
export function ofTransportServer(object: CisInput): CisServer | undefined {
  const { namespace = 'default' } = object.metadata ?? {};
  const spec = fieldsOf(object['spec']);
  const pool = fieldsOf(spec['pool']);
  const address = spec['virtualServerAddress'];
  if (typeof address !== 'string') return undefined;
  const port = Number(spec['virtualServerPort']);
  const service = textOf(pool['service']);
  const monitor = pool['monitor'];
  return {
    name: as3Name(`crd_${address}_${port}`),
    pool: as3Name(`${service}_${Number(pool['servicePort'])}_${namespace}`),
    mode: spec['mode'] === 'performance' ? 'performance' : 'tcp',
    address,
    port,
    service: `${textOf(pool['serviceNamespace'], namespace)}/${service}`,
    servicePort: Number(pool['servicePort']),
    balance: textOf(pool['loadBalancingMethod'], 'round-robin'),
    snat: textOf(spec['snat'], 'auto'),
    monitors: monitorsIn(monitor === undefined ? [] : [monitor], 'type'),
  };
}
