/** The pods that a Deployment controller would create. */
import { ECHO_IMAGE } from './processes.ts';
import type { RawContainer, RawObject, RawPod } from './raw.ts';

/** The Deployments that the lab plays. */
export type Workload = 'istio-ingressgateway' | 'tcp-echo-v1' | 'tcp-echo-v2';

/** What the echo servers answer with, by workload. */
export type Answers = Partial<Readonly<Record<Workload, string>>>;

/** What tells a pod from the others of its Deployment. */
export interface PodPlace {
  readonly name: string;
  readonly address: string;
  readonly node: string;
  readonly nodeAddress: string;
  /** RFC 3339. */
  readonly created: string;
  readonly answers: Answers;
}

/**
 * The ports that a stock ingress gateway Deployment declares. Envoy opens others too, which is why
 * Sluice exists.
 */
const GATEWAY_PORTS = [15_020, 8080, 8443, 31_400, 15_443, 15_011, 15_012, 8060, 853] as const;

function gatewayContainer(): RawContainer {
  return {
    name: 'istio-proxy',
    image: 'docker.io/istio/proxyv2:1.30.0',
    args: [
      'proxy',
      'router',
      '--domain',
      '$(POD_NAMESPACE).svc.cluster.local',
      '--proxyLogLevel=warning',
    ],
    env: [{ name: 'ISTIO_META_UNPRIVILEGED_POD', value: 'true' }],
    ports: [
      { name: 'http-status', containerPort: 15_021, protocol: 'TCP' },
      ...GATEWAY_PORTS.map((containerPort) => ({ containerPort, protocol: 'TCP' })),
      { name: 'http-envoy-prom', containerPort: 15_090, protocol: 'TCP' },
    ],
  };
}

function echoContainer(word: string): RawContainer {
  return {
    name: 'tcp-echo',
    image: ECHO_IMAGE,
    args: ['9000,9001', word],
    ports: [{ containerPort: 9000 }, { containerPort: 9001 }],
  };
}

const WORKLOADS: Readonly<
  Record<
    Workload,
    {
      namespace: string;
      labels: Readonly<Record<string, string>>;
      container: (answers: Answers) => RawContainer;
    }
  >
> = {
  'istio-ingressgateway': {
    namespace: 'istio-system',
    labels: { app: 'istio-ingressgateway', istio: 'ingressgateway', 'istio.io/rev': 'default' },
    container: gatewayContainer,
  },
  'tcp-echo-v1': {
    namespace: 'default',
    labels: { app: 'tcp-echo', version: 'v1' },
    container: (answers) => echoContainer(answers['tcp-echo-v1'] ?? 'one'),
  },
  'tcp-echo-v2': {
    namespace: 'default',
    labels: { app: 'tcp-echo', version: 'v2' },
    container: (answers) => echoContainer(answers['tcp-echo-v2'] ?? 'two'),
  },
};

/** Where its pods are. */
export function workloadNamespace(workload: Workload): string {
  return WORKLOADS[workload].namespace;
}

function conditions(ready: boolean, at: string): readonly object[] {
  const status = ready ? 'True' : 'False';
  return [
    { type: 'Initialized', status: 'True', lastTransitionTime: at },
    { type: 'Ready', status, lastTransitionTime: at },
    { type: 'ContainersReady', status, lastTransitionTime: at },
    { type: 'PodScheduled', status: 'True', lastTransitionTime: at },
  ];
}

/** A running pod. */
export function podObject(workload: Workload, place: PodPlace, ready = true): RawObject {
  const { namespace, labels, container } = WORKLOADS[workload];
  const main = container(place.answers);
  const state = { running: { startedAt: place.created } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: place.name, namespace, labels },
    spec: { nodeName: place.node, containers: [main], terminationGracePeriodSeconds: 30 },
    status: {
      phase: 'Running',
      podIP: place.address,
      podIPs: [{ ip: place.address }],
      hostIP: place.nodeAddress,
      startTime: place.created,
      conditions: conditions(ready, place.created),
      containerStatuses: [
        {
          name: main.name,
          image: main.image,
          imageID: '',
          ready,
          restartCount: 0,
          started: true,
          state,
        },
      ],
    },
  };
}

/** The same pod, terminating. */
export function terminatingPod(pod: RawPod, at: string, graceSeconds: number): RawObject {
  return {
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp: at, deletionGracePeriodSeconds: graceSeconds },
  };
}

/** `at`: RFC 3339, the time of the change. */
export function podWithReadiness(pod: RawPod, ready: boolean, at: string): RawObject {
  const statuses = (
    (pod.status as { containerStatuses?: readonly object[] } | undefined)?.containerStatuses ?? []
  ).map((s) => ({ ...s, ready }));
  return {
    ...pod,
    status: { ...pod.status, conditions: conditions(ready, at), containerStatuses: statuses },
  };
}
