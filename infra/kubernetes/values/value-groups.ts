/** The groups of the values of the chart. */
import * as z from 'zod';
import { EgressRule, LabelMap, NetworkPeer, Resources, TextMap } from './kubernetes-types.ts';

const OBJECT_NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$/;

const NamespaceName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);

/** The name of an object that exists; empty: none. */
export const ObjectName = z.string().regex(OBJECT_NAME).default('');

export function existingSecret(what: string): typeof ObjectName {
  return ObjectName.describe(what);
}

export const ImageValues = z.strictObject({
  repository: z
    .string()
    .regex(/^\S*$/)
    .default('')
    .describe(
      'The image that you built and pushed, without a tag. Required; for instance ' +
        'registry.example.com/sluice-watch, or registry.example.com/sluice with mode up.',
    ),
  tag: z
    .string()
    .regex(/^(\w[\w.-]{0,127})?$/)
    .default('')
    .describe('Its tag. Empty: the appVersion of the chart.'),
  digest: z
    .string()
    .regex(/^(sha256:[0-9a-f]{64})?$/)
    .default('')
    .describe('Its digest, sha256:…; the tag is then not used.'),
  pullPolicy: z
    .enum(['IfNotPresent', 'Always', 'Never'])
    .default('IfNotPresent')
    .describe('When the kubelet pulls it.'),
});

export const ServiceAccountValues = z.strictObject({
  create: z.boolean().default(true).describe('false: the ServiceAccount exists.'),
  name: ObjectName.describe('Its name. Empty: the name of the release.'),
  annotations: TextMap.default({}).describe(
    'Its annotations, for instance eks.amazonaws.com/role-arn for a role of AWS.',
  ),
});

export const RbacValues = z.strictObject({
  ingressNamespaces: z
    .array(NamespaceName)
    .default(['istio-system'])
    .describe('Namespaces of ingress gateways; only there Services may be changed.'),
  anyNamespace: z
    .boolean()
    .default(false)
    .describe('Grant the rights of ingressNamespaces in all namespaces.'),
  changeServices: z
    .boolean()
    .default(true)
    .describe('false: no right to add ports, for ingresses with servicePorts: observe.'),
  network: z
    .enum(['', 'calico', 'cilium'])
    .default('')
    .describe('Right to read the objects of this CNI, for clusters[].network.from.'),
});

/** The port of a server. */
function port(usual: number): z.ZodDefault<z.ZodInt> {
  return z
    .int()
    .min(1)
    .max(65_535)
    .default(usual)
    .describe('Port of the server, which the NetworkPolicy opens if existingSecret is set.');
}

/** The largest heap; `usual` says what null means. */
export function heapMiB(usual: string): z.ZodDefault<z.ZodNullable<z.ZodInt>> {
  return z
    .int()
    .min(64)
    .max(65_536)
    .nullable()
    .default(null)
    .describe(`Largest heap of V8 in MiB, about 60 % of the memory limit. ${usual}`);
}

export const QueueServerValues = z.strictObject({
  existingSecret: existingSecret(
    'Secret with accessKeyId and secretAccessKey for an SQS-compatible server. Empty: none, as in AWS.',
  ),
  port: port(9_324),
});

export const DatabaseValues = z.strictObject({
  existingSecret: existingSecret(
    'Secret whose keys are the files of /etc/sluice-database, for instance password and ca.pem.',
  ),
  port: port(5_432),
});

export const FunctionsValues = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      'Run them, with mode watch and a queue and a failure store that all pods reach: PostgreSQL, or SQS and S3.',
    ),
  image: ImageValues.prefault({}).describe('The image of the whole command. Required if enabled.'),
  replicas: z.int().min(1).max(100).default(2).describe('Pods; each message goes to one of them.'),
  serviceAccount: ServiceAccountValues.prefault({}).describe(
    'Their account, which has no rights in Kubernetes.',
  ),
  resources: Resources.default({}).describe(
    'Requests and limits of the container. Empty: 100m and 192Mi, at most 384Mi.',
  ),
  heapMiB: heapMiB('null: 256.'),
});

export const ConsoleValues = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      'Serve the console, with a Service. Needs mode up or functions.enabled, and console in sluice.yaml.',
    ),
  existingSecret: existingSecret('Secret whose keys are the files of /etc/sluice-console.'),
  from: z
    .array(NetworkPeer)
    .min(1)
    .default([{ namespaceSelector: {} }])
    .describe('Who may connect to it; narrow it to what ends TLS in front of it.'),
});

export const PersistenceValues = z.strictObject({
  existingClaim: ObjectName.describe('PersistentVolumeClaim that exists. Empty: one is made.'),
  size: z
    .string()
    .regex(/^\d+(\.\d+)?(Mi|Gi|Ti|M|G|T)$/)
    .default('1Gi')
    .describe('Size of the volume.'),
  storageClass: ObjectName.describe("Its StorageClass. Empty: the cluster's default."),
  keep: z
    .boolean()
    .default(true)
    .describe('Keep the claim with its events and failures after helm uninstall.'),
});

export const ServiceMonitorValues = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Make a Service and a ServiceMonitor for the Prometheus operator.'),
  prometheusNamespace: NamespaceName.default('monitoring').describe(
    'Namespace of Prometheus. If enabled, the NetworkPolicy lets only it in.',
  ),
  interval: z
    .string()
    .regex(/^\d+(ms|s|m)$/)
    .default('30s')
    .describe('Time between two scrapes.'),
  labels: LabelMap.default({}).describe('Labels by which Prometheus selects the ServiceMonitor.'),
});

export const PrometheusRuleValues = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Make a PrometheusRule with the alerts, for the Prometheus operator.'),
  runbooks: z
    .string()
    .regex(/^(https?:\/\/[^\s"'{}#]+)?$/)
    .default('')
    .describe(
      'Address of your copy of this repository, for the links to docs/operations/alarms.md: ' +
        'https://git.example.com/sluice/blob/main. Empty: links are relative.',
    ),
  labels: LabelMap.default({}).describe('Labels by which Prometheus selects the PrometheusRule.'),
});

export const GrafanaDashboardValues = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Make a ConfigMap with the dashboard, for the sidecar of Grafana.'),
  labels: LabelMap.default({ grafana_dashboard: '1' }).describe(
    'Labels by which the sidecar selects it.',
  ),
  annotations: TextMap.default({}).describe('Its annotations, for instance grafana_folder.'),
});

export const NetworkPolicyValues = z.strictObject({
  enabled: z.boolean().default(true).describe('false: no NetworkPolicy.'),
  extraEgress: z
    .array(EgressRule)
    .default([])
    .describe('More egress rules, for instance for a proxy or another port of BIG-IP.'),
});

export const DisruptionBudgetValues = z.strictObject({
  enabled: z.boolean().default(true).describe('false: no PodDisruptionBudget.'),
  maxUnavailable: z.int().min(1).default(1).describe('Pods that a drain may evict at once.'),
});
