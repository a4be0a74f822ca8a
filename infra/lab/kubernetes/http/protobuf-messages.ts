/**
 * Field numbers of the messages that kubectl sends as protocol buffers, from the API's published
 * definitions.
 */
export type Shape =
  'text' | 'bytes' | 'number' | 'optional number' | 'flag' | 'number or text' | 'ignored' | Message;

/** Fields by number: name, shape, and whether there are many. */
export interface Message {
  readonly [number: number]: readonly [name: string, shape: Shape, many?: 'list' | 'map'];
}

const metadata: Message = {
  1: ['name', 'text'],
  2: ['generateName', 'text'],
  3: ['namespace', 'text'],
  4: ['selfLink', 'ignored'],
  5: ['uid', 'text'],
  6: ['resourceVersion', 'text'],
  7: ['generation', 'number'],
  8: ['creationTimestamp', 'ignored'],
  11: ['labels', 'text', 'map'],
  12: ['annotations', 'text', 'map'],
  14: ['finalizers', 'text', 'list'],
};

const namedReference: Message = { 1: ['name', 'text'] };

const servicePort: Message = {
  1: ['name', 'text'],
  2: ['protocol', 'text'],
  3: ['port', 'number'],
  4: ['targetPort', 'number or text'],
  5: ['nodePort', 'number'],
  6: ['appProtocol', 'text'],
};

const serviceSpec: Message = {
  1: ['ports', servicePort, 'list'],
  2: ['selector', 'text', 'map'],
  3: ['clusterIP', 'text'],
  4: ['type', 'text'],
  5: ['externalIPs', 'text', 'list'],
  7: ['sessionAffinity', 'text'],
  8: ['loadBalancerIP', 'text'],
  9: ['loadBalancerSourceRanges', 'text', 'list'],
  10: ['externalName', 'text'],
  11: ['externalTrafficPolicy', 'text'],
  12: ['healthCheckNodePort', 'number'],
  13: ['publishNotReadyAddresses', 'ignored'],
  17: ['ipFamilyPolicy', 'text'],
  18: ['clusterIPs', 'text', 'list'],
  19: ['ipFamilies', 'text', 'list'],
  20: ['allocateLoadBalancerNodePorts', 'flag'],
  21: ['loadBalancerClass', 'text'],
  22: ['internalTrafficPolicy', 'text'],
};

const containerPort: Message = {
  1: ['name', 'text'],
  2: ['hostPort', 'number'],
  3: ['containerPort', 'number'],
  4: ['protocol', 'text'],
  5: ['hostIP', 'text'],
};

const container: Message = {
  1: ['name', 'text'],
  2: ['image', 'text'],
  3: ['command', 'text', 'list'],
  4: ['args', 'text', 'list'],
  5: ['workingDir', 'text'],
  6: ['ports', containerPort, 'list'],
  8: ['resources', 'ignored'],
  13: ['terminationMessagePath', 'text'],
  14: ['imagePullPolicy', 'text'],
  16: ['stdin', 'ignored'],
  17: ['stdinOnce', 'ignored'],
  18: ['tty', 'ignored'],
  20: ['terminationMessagePolicy', 'text'],
};

const podSpec: Message = {
  2: ['containers', container, 'list'],
  3: ['restartPolicy', 'text'],
  6: ['dnsPolicy', 'text'],
  8: ['serviceAccountName', 'text'],
  9: ['serviceAccount', 'text'],
  10: ['nodeName', 'text'],
  11: ['hostNetwork', 'ignored'],
  12: ['hostPID', 'ignored'],
  13: ['hostIPC', 'ignored'],
  16: ['hostname', 'text'],
  17: ['subdomain', 'text'],
  19: ['schedulerName', 'text'],
  24: ['priorityClassName', 'text'],
};

const deploymentSpec: Message = {
  1: ['replicas', 'optional number'],
  2: ['selector', { 1: ['matchLabels', 'text', 'map'] }],
  3: ['template', { 1: ['metadata', metadata], 2: ['spec', podSpec] }],
  4: ['strategy', { 1: ['type', 'text'] }],
  5: ['minReadySeconds', 'number'],
  7: ['paused', 'ignored'],
};

/** By kind. */
export const messages: Readonly<Record<string, Message>> = {
  Namespace: {
    1: ['metadata', metadata],
    2: ['spec', { 1: ['finalizers', 'text', 'list'] }],
    3: ['status', 'ignored'],
  },
  ConfigMap: {
    1: ['metadata', metadata],
    2: ['data', 'text', 'map'],
    3: ['binaryData', 'bytes', 'map'],
    4: ['immutable', 'flag'],
  },
  Secret: {
    1: ['metadata', metadata],
    2: ['data', 'bytes', 'map'],
    3: ['type', 'text'],
    4: ['stringData', 'text', 'map'],
    5: ['immutable', 'flag'],
  },
  ServiceAccount: {
    1: ['metadata', metadata],
    3: ['imagePullSecrets', namedReference, 'list'],
    4: ['automountServiceAccountToken', 'flag'],
  },
  Service: { 1: ['metadata', metadata], 2: ['spec', serviceSpec], 3: ['status', 'ignored'] },
  Deployment: { 1: ['metadata', metadata], 2: ['spec', deploymentSpec], 3: ['status', 'ignored'] },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'optional number'],
    2: ['preconditions', { 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] }],
    3: ['orphanDependents', 'flag'],
    4: ['propagationPolicy', 'text'],
    5: ['dryRun', 'text', 'list'],
  },
};
