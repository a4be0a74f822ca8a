/**
 * List and map types of the resources, as far as merging needs them. Anything else is a granular
 * map or an atomic list.
 */
import type { FieldSchema } from './resource.ts';

function fields(inner: Readonly<Record<string, FieldSchema>>): FieldSchema {
  return { fields: inner };
}

function keyed(
  keys: readonly string[],
  extra: Omit<FieldSchema, 'list' | 'keys'> = {},
): FieldSchema {
  return { list: 'map', keys, mergeKey: keys[0] ?? 'name', ...extra };
}

const atomicMap: FieldSchema = { atomic: true };
const conditions = keyed(['type']);
const protocol = { keyDefaults: { protocol: 'TCP' } };

/** Of all kinds. */
export const metadataSchema: FieldSchema = fields({
  finalizers: { list: 'set' },
  ownerReferences: keyed(['uid']),
});

const container = fields({
  ports: keyed(['containerPort', 'protocol'], protocol),
  env: keyed(['name']),
  volumeMounts: keyed(['mountPath']),
  volumeDevices: keyed(['devicePath']),
});

const podSpec = fields({
  containers: keyed(['name'], { items: container }),
  initContainers: keyed(['name'], { items: container }),
  ephemeralContainers: keyed(['name'], { items: container }),
  volumes: keyed(['name']),
  imagePullSecrets: keyed(['name']),
  hostAliases: keyed(['ip']),
  topologySpreadConstraints: keyed(['topologyKey', 'whenUnsatisfiable']),
  nodeSelector: atomicMap,
});

export const podSchema = fields({
  metadata: metadataSchema,
  spec: podSpec,
  status: fields({ conditions, podIPs: keyed(['ip']) }),
});

export const deploymentSchema = fields({
  metadata: metadataSchema,
  spec: fields({
    selector: atomicMap,
    template: fields({ metadata: metadataSchema, spec: podSpec }),
  }),
  status: fields({ conditions }),
});

/** Service. Ports are keyed by port and protocol. */
export const serviceSchema = fields({
  metadata: metadataSchema,
  spec: fields({ selector: atomicMap, ports: keyed(['port', 'protocol'], protocol) }),
  status: fields({ conditions }),
});

export const nodeSchema = fields({
  metadata: metadataSchema,
  // Taints are atomic for server-side apply and keyed for strategic merge.
  spec: fields({ podCIDRs: { list: 'set' }, taints: { mergeKey: 'key' } }),
  status: fields({ conditions, addresses: keyed(['type']) }),
});

/** Event, of both API groups. */
export const eventSchema = fields({
  metadata: metadataSchema,
  involvedObject: atomicMap,
  regarding: atomicMap,
  related: atomicMap,
});
export const serviceAccountSchema = fields({
  metadata: metadataSchema,
  secrets: keyed(['name']),
  imagePullSecrets: { mergeKey: 'name' },
});
/** Kinds whose lists are atomic, except their conditions. */
export const plainSchema = fields({ metadata: metadataSchema, status: fields({ conditions }) });

const apiListeners = keyed(['name'], {
  items: fields({ allowedRoutes: fields({ namespaces: fields({ selector: atomicMap }) }) }),
});

/** Gateway of the Gateway API. */
export const apiGatewaySchema = fields({
  metadata: metadataSchema,
  spec: fields({
    listeners: apiListeners,
    allowedListeners: fields({ namespaces: fields({ selector: atomicMap }) }),
    tls: fields({ frontend: fields({ perPort: keyed(['port']) }) }),
  }),
  status: fields({ conditions, listeners: keyed(['name'], { items: fields({ conditions }) }) }),
});

export const gatewayClassSchema = fields({
  metadata: metadataSchema,
  status: fields({ conditions, supportedFeatures: keyed(['name']) }),
});
