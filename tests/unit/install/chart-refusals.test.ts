/** Values of the Helm chart that cannot work are refused before anything is installed. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CHART, changedConfig, exampleArgs, rendered, set } from './chart.ts';
import { describeWith } from './described.ts';

const WATCH = exampleArgs('aws');
const UP = exampleArgs('onprem');
const REPLICAS = exampleArgs('replicas');
/** Values that are no size, name, path and so on, with the place of each. */
const MALFORMED: Readonly<Record<string, string>> = {
  'resources.limits.memory=much': '/resources/limits/memory',
  'podLabels.team=net ops': '/podLabels/team',
  'extraEnv[0].name=A B': '/extraEnv/0/name',
  'extraVolumeMounts[0].name=more,extraVolumeMounts[0].mountPath=etc':
    '/extraVolumeMounts/0/mountPath',
  'rbac.ingressNamespaces={Istio}': '/rbac/ingressNamespaces/0',
  'serviceMonitor.prometheusNamespace=a_b': '/serviceMonitor/prometheusNamespace',
  'priorityClassName=High': '/priorityClassName',
  'persistence.storageClass=Fast': '/persistence/storageClass',
  'console.from[0].ipBlock.cidr=10.0.0.0': '/console/from/0/ipBlock/cidr',
  'image.digest=sha256:0': '/image/digest',
  'image.tag=a/b': '/image/tag',
  'serviceMonitor.interval=30': '/serviceMonitor/interval',
  'fullnameOverride=Sluice': '/fullnameOverride',
  'signKey.existingSecret=a/b': '/signKey/existingSecret',
  'persistence.size=10': '/persistence/size',
  'cluster=East': '/cluster',
};
const QUEUE_SERVER = exampleArgs('onprem-watch');

/** What helm says without its own remarks. */
function refusal(args: readonly string[]): readonly string[] {
  try {
    rendered(args);
  } catch (error) {
    const { stderr } = error as { readonly stderr: string };
    return stderr
      .split('\n')
      .filter((line) => line !== '' && !/^(Error: |sluice:$|Use --debug)/.test(line));
  }
  return [];
}

describeWith(['helm'])('the chart', () => {
  // In one call, because each takes a tenth of a second.
  test('refuses malformed values, each with its place', () => {
    const values = Object.keys(MALFORMED).flatMap((value) => ['--set-string', value]);
    // With several in one object, they are below a line for it.
    const places = refusal([...WATCH, ...values]).flatMap(
      (line) => /^ *- at '(.*)': .* does not match pattern/.exec(line)?.[1] ?? [],
    );
    expect(places.toSorted()).toEqual(Object.values(MALFORMED).toSorted());
  });

  test.each<[string, () => readonly string[], unknown]>([
    [
      'an unknown value',
      () => [...WATCH, ...set('replica=3')],
      "- at '': additional properties 'replica' not allowed",
    ],
    [
      'an unknown field of a security context',
      () => [...WATCH, ...set('podSecurityContext.runAsUsr=1')],
      "- at '/podSecurityContext': additional properties 'runAsUsr' not allowed",
    ],
    [
      'a value of another type',
      () => [...WATCH, ...set('replicas=two')],
      "- at '/replicas': got string, want null or integer",
    ],
    [
      'an address of runbooks that is none',
      () => [...WATCH, ...set('prometheusRule.runbooks=docs/')],
      "- at '/prometheusRule/runbooks': 'docs/' does not match pattern '^(https?:\\\\/\\\\/[^\\\\s\"\\'{}#]+)?$'",
    ],
    [
      'a label that is none',
      () => [...WATCH, ...set('podLabels.a b=c')],
      "- at '/podLabels': additional properties 'a b' not allowed",
    ],
    [
      'a console that everybody may reach by an empty list',
      () => [...WATCH, '--set-json', 'console.from=[]'],
      "- at '/console/from': minItems: got 0, want 1",
    ],
    [
      'an unknown mode',
      () => [...WATCH, ...set('mode=on')],
      "- at '/mode': value must be one of 'watch', 'up'",
    ],
    [
      'no cluster',
      () => [...WATCH, ...set('cluster=')],
      'cluster is empty: set it to the id of this cluster, one of clusters[].id in sluice.yaml',
    ],
    [
      'no image',
      () => [...WATCH, ...set('image.repository=')],
      'image.repository is empty: set it to the image that you built and pushed (docs/operations/install.md)',
    ],
    [
      'no configuration',
      () => ['-f', join(CHART, 'examples/aws.yaml')],
      'config is empty: pass the text of your sluice.yaml with --set-file config=sluice.yaml',
    ],
    [
      'a broken configuration',
      () => [...WATCH, ...changedConfig('aws', /^[^]*$/, 'devices: [')],
      'config is not an object of YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content',
    ],
    [
      'a configuration of another shape',
      () => [...WATCH, ...changedConfig('aws', /^clusters:\n.*\n/m, 'clusters: east\n')],
      'config: clusters is not a list',
    ],
    [
      'a cluster that the configuration does not have',
      () => [...WATCH, ...set('cluster=west')],
      'cluster: west is none of clusters[].id in config, which are east',
    ],
    [
      'a queue that nobody else reads',
      () => [...UP, ...set('mode=watch', 'bigip.existingSecret=')],
      'config: queue.kind is sqlite, a file that only one process reads, but mode watch runs the watcher alone; use mode up, or queue.kind postgres or sqs',
    ],
    [
      'two processes on one volume',
      () => [...UP, ...set('replicas=2')],
      'replicas is 2, but mode up runs one process, because only one may use the volume; leave it out',
    ],
    [
      'a queue outside of the volume',
      () => [
        ...UP,
        ...changedConfig('onprem', 'kind: sqlite', 'kind: sqlite\n  path: /data/queue'),
      ],
      'config: queue.path is /data/queue, outside of the volume; use a path below /var/lib/sluice',
    ],
    [
      'a console of the watcher',
      () => [...WATCH, ...set('console.enabled=true')],
      'console.enabled needs mode up or functions.enabled: the watcher serves no console',
    ],
    [
      'functions twice',
      () => [...UP, ...set('functions.enabled=true', 'functions.image.repository=x')],
      'functions.enabled needs mode watch: with mode up, the one pod runs them',
    ],
    [
      'functions without an image',
      () => [...REPLICAS, ...set('functions.image.repository=')],
      'functions.image.repository is empty: set it to the image of the whole command, which you built and pushed (docs/operations/install.md)',
    ],
    [
      'replicas with a failure store that only one of them has',
      () => [...REPLICAS, ...changedConfig('replicas', /^failures:[^]*$/m, '')],
      'config: failures.kind is fs, a directory of one pod, but functions.enabled runs several; use failures.kind postgres or s3',
    ],
    [
      'a password of the database that is not mounted',
      () => [...REPLICAS, ...set('database.existingSecret=', 'networkPolicy.enabled=false')],
      'config refers to file:/etc/sluice-database/…, but database.existingSecret is empty; name the object with this file there',
    ],
    [
      'a password of a device that is not mounted for the functions',
      () => [...REPLICAS, ...set('bigip.existingSecret=')],
      'config refers to file:/etc/sluice-bigip/…, but bigip.existingSecret is empty; name the object with this file there',
    ],
    [
      'credentials that the watcher does not read',
      () => [...WATCH, ...set('bigip.existingSecret=sluice-bigip')],
      'bigip.existingSecret has no effect: the watcher does not read it; leave it out, or set functions.enabled',
    ],
    [
      'public keys that the watcher does not read',
      () => [...WATCH, ...set('verifyKeys.existingConfigMap=keys')],
      'verifyKeys.existingConfigMap has no effect: the watcher does not read it; leave it out, or set functions.enabled',
    ],
    [
      'an account of the functions without a name',
      () => [...REPLICAS, ...set('functions.serviceAccount.create=false')],
      'functions.serviceAccount.name is empty: name the account that exists, or leave functions.serviceAccount.create at true',
    ],
    [
      'a console without a login',
      () => [...UP, ...set('console.enabled=true')],
      'console.enabled needs console in config: people must log in (docs/operations/console.md)',
    ],
    [
      'a Secret that is not named',
      () => [...UP, ...set('bigip.existingSecret=')],
      'config refers to file:/etc/sluice-bigip/…, but bigip.existingSecret is empty; name the object with this file there',
    ],
    [
      'a signing key that is not named',
      () => [...QUEUE_SERVER, ...set('signKey.existingSecret=')],
      'config refers to file:/etc/sluice-sign/…, but signKey.existingSecret is empty; name the object with this file there',
    ],
    [
      'an ingress where nothing is granted',
      () => [...WATCH, ...set('rbac.ingressNamespaces={gateways}')],
      'config: ingresses[0].service is in istio-system, where nothing is granted; add it to rbac.ingressNamespaces',
    ],
    [
      'no right to add ports that are to be added',
      () => [...WATCH, ...set('rbac.changeServices=false')],
      'rbac.changeServices is false, but config: ingresses[0] adds ports; set servicePorts: observe there',
    ],
    [
      'no right to read the objects of the CNI',
      () => [
        ...WATCH,
        ...changedConfig(
          'aws',
          '- id: east',
          '- id: east\n    network: {mode: routes, from: calico}',
        ),
      ],
      'config: network.from of cluster east is calico; set rbac.network to calico as well',
    ],
    [
      'a queue server behind a closed port',
      () => [...QUEUE_SERVER, ...set('queueServer.port=80')],
      'config: queue.endpoint has port 9324, which the NetworkPolicy does not open; add it to networkPolicy.extraEgress, or set queueServer',
    ],
    [
      'a database behind a closed port',
      () => [
        ...WATCH,
        ...changedConfig('aws', /queue:[^]*$/, 'queue: {kind: postgres, host: db.example.com}\n'),
      ],
      'config: queue has port 5432, which the NetworkPolicy does not open; add it to networkPolicy.extraEgress, or set database',
    ],
    [
      'a device behind a closed port',
      () => [
        ...UP,
        ...changedConfig('onprem', 'https://bigip.example.com', 'https://bigip.example.com:8443'),
      ],
      'config: devices[0].url has port 8443, which the NetworkPolicy does not open; add it to networkPolicy.extraEgress',
    ],
    [
      'a variable of the chart',
      () => [...WATCH, ...set('extraEnv[0].name=NODE_OPTIONS')],
      'extraEnv[0].name: NODE_OPTIONS is set by the chart; use the value for it (heapMiB, logLevel, cluster, config, queueServer)',
    ],
    [
      'a volume of the chart',
      () => [...WATCH, ...set('extraVolumes[0].name=config')],
      'extraVolumes[0].name: config is a volume of the chart; choose another name',
    ],
    [
      'a mount of a volume that does not exist',
      () => [
        ...WATCH,
        ...set('extraVolumeMounts[0].name=more,extraVolumeMounts[0].mountPath=/more'),
      ],
      'extraVolumeMounts[0].name: more is none of extraVolumes; add it there',
    ],
    [
      'a mount over a file of the chart',
      () => [
        ...WATCH,
        ...set(
          'extraVolumes[0].name=more,extraVolumes[0].emptyDir.medium=Memory',
          'extraVolumeMounts[0].name=more,extraVolumeMounts[0].mountPath=/etc/sluice',
        ),
      ],
      'extraVolumeMounts[0].mountPath: the chart mounts config at /etc/sluice; choose another path',
    ],
    [
      'a label of the chart',
      () => [...WATCH, '--set-json', 'podLabels={"app.kubernetes.io/name":"other"}'],
      'podLabels: app.kubernetes.io/name is set by the chart; choose another label',
    ],
    [
      'a namespace twice',
      () => [...WATCH, ...set('rbac.ingressNamespaces={istio-system,istio-system}')],
      'rbac.ingressNamespaces has a namespace twice; leave one out',
    ],
    [
      'a heap that does not fit into the memory',
      () => [...WATCH, ...set('heapMiB=500', 'resources.limits.memory=512Mi')],
      'heapMiB is 500, but resources.limits.memory is 512Mi, and the process needs 64 MiB besides; raise the limit, or lower heapMiB',
    ],
    [
      'a memory that is too small for the heap of the functions',
      () => [...REPLICAS, ...set('functions.resources.limits.memory=0.25Gi')],
      'functions.heapMiB is 256, but functions.resources.limits.memory is 0.25Gi, and the process needs 64 MiB besides; raise the limit, or lower functions.heapMiB',
    ],
    [
      'an image with its tag in the name',
      () => [...WATCH, ...set('image.repository=registry.example.com/sluice-watch:0.1.0')],
      'image.repository is registry.example.com/sluice-watch:0.1.0; put the tag into image.tag, or the digest into image.digest',
    ],
    [
      'an account without a name',
      () => [...WATCH, ...set('serviceAccount.create=false')],
      'serviceAccount.name is empty: name the account that exists, or leave serviceAccount.create at true',
    ],
  ])('refuses %s, and says where', (_, args, sentence) => {
    expect(refusal(args())).toEqual([sentence]);
  });
});
