/**
 * The values of the Helm chart. `npm run docs` writes them to `chart/values.yaml` and
 * `chart/values.schema.json`. What the schema cannot say is checked by `templates/_checks.tpl`.
 */
import * as z from 'zod';
import { LOG_LEVELS } from '../../../shared/telemetry/logger.ts';
import {
  Affinity,
  ContainerSecurity,
  EnvVariable,
  LabelMap,
  TextMap,
  PodSecurity,
  PodVolume,
  Resources,
  Toleration,
  TopologySpread,
  VolumeMount,
} from './kubernetes-types.ts';
import {
  ConsoleValues,
  DatabaseValues,
  DisruptionBudgetValues,
  existingSecret,
  FunctionsValues,
  GrafanaDashboardValues,
  heapMiB,
  ImageValues,
  NetworkPolicyValues,
  ObjectName,
  PersistenceValues,
  PrometheusRuleValues,
  QueueServerValues,
  RbacValues,
  ServiceAccountValues,
  ServiceMonitorValues,
} from './value-groups.ts';

/** In the order of `values.yaml`. */
export const ChartValues = z.strictObject({
  mode: z
    .enum(['watch', 'up'])
    .default('watch')
    .describe(
      'watch: the watcher; queues and functions run elsewhere, or functions in pods of their own. ' +
        'up: watcher and functions in one pod, with the queue on a volume.',
    ),
  cluster: z
    .string()
    .regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/)
    .default('')
    .describe('Id of this cluster, one of clusters[].id in sluice.yaml. Required.'),
  config: z
    .string()
    .default('')
    .describe('The text of sluice.yaml: --set-file config=sluice.yaml. Required.'),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Lowest level that is logged.'),
  image: ImageValues.prefault({}).describe('The image of the container.'),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string().min(1).describe('Name of the Secret.') }))
    .default([])
    .describe('Secrets for the registry.'),
  replicas: z
    .int()
    .min(1)
    .max(10)
    .nullable()
    .default(null)
    .describe(
      'Pods. null: 2 with mode watch (a leader and a standby), 1 with mode up, its only value.',
    ),
  fullnameOverride: z
    .string()
    .regex(/^([a-z]([-a-z0-9]{0,38}[a-z0-9])?)?$/)
    .default('')
    .describe('Name of all objects. Empty: the release, with -sluice unless it contains it.'),
  serviceAccount: ServiceAccountValues.prefault({}).describe('The account of the pods.'),
  rbac: RbacValues.prefault({}).describe('The rights of the account.'),
  bigip: z
    .strictObject({
      existingSecret: existingSecret(
        'Secret whose keys are the files of /etc/sluice-bigip, for instance password and ca.pem.',
      ),
    })
    .prefault({})
    .describe('Credentials of BIG-IP, where the functions run.'),
  signKey: z
    .strictObject({
      existingSecret: existingSecret('Secret with the key sign.key, in /etc/sluice-sign.'),
    })
    .prefault({})
    .describe('Key with which the watcher signs, for queues that do not report senders.'),
  verifyKeys: z
    .strictObject({
      existingConfigMap: ObjectName.describe(
        'ConfigMap whose keys are the files of /etc/sluice-verify.',
      ),
    })
    .prefault({})
    .describe('Public keys of all clusters, where the functions run.'),
  queueServer: QueueServerValues.prefault({}).describe('An SQS-compatible queue server.'),
  database: DatabaseValues.prefault({}).describe('A PostgreSQL server, for queue.kind: postgres.'),
  functions: FunctionsValues.prefault({}).describe(
    'The functions in pods of their own, beside the watcher.',
  ),
  console: ConsoleValues.prefault({}).describe('The console for people.'),
  persistence: PersistenceValues.prefault({}).describe(
    'The volume of queue and failures, with mode up.',
  ),
  serviceMonitor: ServiceMonitorValues.prefault({}).describe('Metrics for Prometheus.'),
  prometheusRule: PrometheusRuleValues.prefault({}).describe('Alerts.'),
  grafanaDashboard: GrafanaDashboardValues.prefault({}).describe('The dashboard.'),
  networkPolicy: NetworkPolicyValues.prefault({}).describe('What may connect where.'),
  podDisruptionBudget: DisruptionBudgetValues.prefault({}).describe('Drains of nodes.'),
  resources: Resources.default({}).describe(
    'Requests and limits of the container. Empty: those of the mode (docs/operations/install.md).',
  ),
  heapMiB: heapMiB('null: 112 with mode watch, 256 with mode up.'),
  podSecurityContext: PodSecurity.default({
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 65_532,
    fsGroup: 65_532,
    seccompProfile: { type: 'RuntimeDefault' },
  }).describe('Security context of the pod. The group may read tokens and volumes.'),
  containerSecurityContext: ContainerSecurity.default({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  }).describe('Security context of the container.'),
  topologySpreadConstraints: z
    .array(TopologySpread)
    .default([
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ])
    .describe('Spread of the pods; a missing labelSelector selects the pods of the release.'),
  nodeSelector: LabelMap.default({}).describe('Labels of nodes that may run the pods.'),
  tolerations: z.array(Toleration).default([]).describe('Taints that the pods tolerate.'),
  affinity: Affinity.default({}).describe('Affinity of the pods.'),
  priorityClassName: ObjectName.describe('PriorityClass of the pods.'),
  podAnnotations: TextMap.default({}).describe('Annotations of the pods.'),
  podLabels: LabelMap.default({}).describe('More labels of the pods.'),
  extraEnv: z.array(EnvVariable).default([]).describe('More variables of the container.'),
  extraVolumes: z.array(PodVolume).default([]).describe('More volumes of the pod.'),
  extraVolumeMounts: z.array(VolumeMount).default([]).describe('Where they are mounted.'),
  global: z
    .looseObject({})
    .optional()
    .describe('Set by Helm in a chart that includes this one; not used.'),
});
