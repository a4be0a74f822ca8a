/**
 * Parts of values that end up in objects as they are. The fields that people misspell are listed;
 * what nests deeper is checked by the API server.
 */
import * as z from 'zod';

/** An object whose fields the API server checks. */
function anyFields(type: string): z.ZodType<Record<string, unknown>> {
  return z.looseObject({}).describe(`${type} of Kubernetes.`);
}

/** An object with these fields and no others; all are optional except those in `required`. */
function fieldsOf(
  type: string,
  fields: Readonly<Record<string, z.ZodType>>,
  required: readonly string[] = [],
): z.ZodType<Record<string, unknown>> {
  const shape = Object.entries(fields).map(([name, schema]) => {
    const present = required.includes(name) ? schema : schema.optional();
    return [name, present.describe(`Field ${name} of ${type} of Kubernetes.`)] as const;
  });
  return z.strictObject(Object.fromEntries(shape));
}

const Text = z.string();
const LABEL = '[A-Za-z0-9]([-\\w.]{0,61}[A-Za-z0-9])?';
const Key = Text.regex(new RegExp(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${LABEL}$`));

/** Annotations. */
export const TextMap = z.record(Key, Text);
/** Labels, whose values are short. */
export const LabelMap = z.record(Key, Text.regex(new RegExp(`^(${LABEL})?$`)));
const Count = z.int().min(0);

/** Settings of Linux that pods and containers share. */
const PROFILES = {
  appArmorProfile: fieldsOf('AppArmorProfile', { type: Text, localhostProfile: Text }),
  runAsGroup: Count,
  runAsNonRoot: z.boolean(),
  runAsUser: Count,
  seLinuxOptions: fieldsOf('SELinuxOptions', { level: Text, role: Text, type: Text, user: Text }),
  seccompProfile: fieldsOf('SeccompProfile', { type: Text, localhostProfile: Text }),
};

export const PodSecurity = fieldsOf('PodSecurityContext', {
  ...PROFILES,
  fsGroup: Count,
  fsGroupChangePolicy: z.enum(['Always', 'OnRootMismatch']),
  supplementalGroups: z.array(Count),
  supplementalGroupsPolicy: z.enum(['Merge', 'Strict']),
  sysctls: z.array(fieldsOf('Sysctl', { name: Text, value: Text }, ['name', 'value'])),
});

export const ContainerSecurity = fieldsOf('SecurityContext', {
  ...PROFILES,
  allowPrivilegeEscalation: z.boolean(),
  capabilities: fieldsOf('Capabilities', { add: z.array(Text), drop: z.array(Text) }),
  privileged: z.boolean(),
  procMount: Text,
  readOnlyRootFilesystem: z.boolean(),
});

/** Such as 100m or 192Mi. */
const QUANTITY = /^\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE]-?\d+)?$/;
const Quantities = z.record(Key, z.union([Text.regex(QUANTITY), z.number()]));
export const Resources = fieldsOf('ResourceRequirements', {
  requests: Quantities,
  limits: Quantities,
});

export const EnvVariable = fieldsOf(
  'EnvVar',
  { name: Text.regex(/^[A-Za-z_][-.\w]*$/), value: Text, valueFrom: anyFields('EnvVarSource') },
  ['name'],
);

/** Its source is one of some thirty objects, which the API server checks. */
export const PodVolume = z.looseObject({
  name: z.string().min(1).describe('Field name of Volume of Kubernetes.'),
});

export const VolumeMount = fieldsOf(
  'VolumeMount',
  {
    name: z.string().min(1),
    mountPath: Text.regex(/^\/[^:]*$/),
    mountPropagation: Text,
    readOnly: z.boolean(),
    subPath: Text,
    subPathExpr: Text,
  },
  ['name', 'mountPath'],
);

export const Toleration = fieldsOf('Toleration', {
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  key: Text,
  operator: z.enum(['Equal', 'Exists']),
  tolerationSeconds: z.int(),
  value: Text,
});

export const Affinity = fieldsOf('Affinity', {
  nodeAffinity: anyFields('NodeAffinity'),
  podAffinity: anyFields('PodAffinity'),
  podAntiAffinity: anyFields('PodAntiAffinity'),
});

export const TopologySpread = fieldsOf(
  'TopologySpreadConstraint',
  {
    labelSelector: anyFields('LabelSelector'),
    matchLabelKeys: z.array(Text),
    maxSkew: z.int().min(1),
    minDomains: z.int().min(1),
    nodeAffinityPolicy: z.enum(['Honor', 'Ignore']),
    nodeTaintsPolicy: z.enum(['Honor', 'Ignore']),
    topologyKey: z.string().min(1),
    whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
  },
  ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
);

/** With its length: 10.0.0.0/8. */
const Network = Text.regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/);

export const NetworkPeer = fieldsOf('NetworkPolicyPeer', {
  ipBlock: fieldsOf('IPBlock', { cidr: Network, except: z.array(Network) }, ['cidr']),
  namespaceSelector: anyFields('LabelSelector'),
  podSelector: anyFields('LabelSelector'),
});

export const EgressRule = fieldsOf('NetworkPolicyEgressRule', {
  ports: z.array(
    fieldsOf(
      'NetworkPolicyPort',
      {
        endPort: z.int().min(1).max(65_535),
        port: z.int().min(1).max(65_535),
        protocol: z.enum(['TCP', 'UDP', 'SCTP']),
      },
      ['port'],
    ),
  ),
  to: z.array(NetworkPeer),
});
