/** Values of the Helm chart: what they describe and what each option does. */
import { describe, expect, test } from '@jest/globals';
import { chartSchema, type ValuesSchema } from '../../../infra/build/docs-chart.ts';
import { changedConfig, exampleArgs, rendered, set } from './chart.ts';
import { container, deployment, one } from './manifests.ts';
import { describeWith } from './described.ts';

describe('the schema of the values', () => {
  const seen: string[] = [];
  function check(path: string, node: ValuesSchema): readonly string[] {
    seen.push(path);
    const { properties, additionalProperties, description, items } = node;
    const isOpen = properties !== undefined && additionalProperties !== false;
    // Objects of Kubernetes without listed fields are checked by the API server.
    const may =
      description?.endsWith(' of Kubernetes.') === true ||
      path === 'extraVolumes[]' ||
      path === 'global';
    return [
      ...(isOpen && !may ? [`${path} takes unknown keys`] : []),
      ...Object.entries(properties ?? {}).flatMap(([name, each]) => {
        const place = path === '' ? name : `${path}.${name}`;
        const undescribed = each.description === undefined ? [`${place} is not described`] : [];
        return [...undescribed, ...check(place, each)];
      }),
      ...(items === undefined ? [] : check(`${path}[]`, items)),
    ];
  }

  test('describes every value and refuses unknown ones', () => {
    expect(check('', chartSchema())).toEqual([]);
    expect(seen).toEqual(
      expect.arrayContaining(['console.from[].ipBlock.cidr', 'podSecurityContext.seccompProfile']),
    );
  });
});

const WATCH = exampleArgs('aws');
const UP = exampleArgs('onprem');

describeWith(['helm'])('the chart', () => {
  test('passes on what a cluster may ask for', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const objects = rendered([
      ...UP,
      ...set(
        `image.digest=${digest}`,
        'imagePullSecrets[0].name=registry',
        'extraEnv[0].name=HTTPS_PROXY,extraEnv[0].value=http://proxy:3128',
        'networkPolicy.extraEgress[0].ports[0].port=3128',
        'extraVolumes[0].name=more,extraVolumes[0].emptyDir.medium=Memory',
        'extraVolumeMounts[0].name=more,extraVolumeMounts[0].mountPath=/more',
        // As OpenShift wants it.
        'podSecurityContext.runAsUser=null',
        'nodeSelector.pool=infra',
        'tolerations[0].operator=Exists',
        'priorityClassName=high',
        'podLabels.team=net',
        'podAnnotations.note=x',
        'resources.limits.memory=1Gi',
        'heapMiB=600',
        'persistence.existingClaim=mine',
        'serviceAccount.create=false',
        'serviceAccount.name=mine',
        'podDisruptionBudget.enabled=false',
        'topologySpreadConstraints[0].maxSkew=2',
        'topologySpreadConstraints[0].topologyKey=zone',
        'topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule',
      ),
    ]);
    const { metadata, spec } = deployment(objects).template;
    const only = container(objects);
    expect(metadata).toMatchObject({ labels: { team: 'net' }, annotations: { note: 'x' } });
    expect(spec).toMatchObject({
      serviceAccountName: 'mine',
      imagePullSecrets: [{ name: 'registry' }],
      nodeSelector: { pool: 'infra' },
      tolerations: [{ operator: 'Exists' }],
      priorityClassName: 'high',
      topologySpreadConstraints: [
        {
          maxSkew: 2,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { 'app.kubernetes.io/instance': 'sluice' } },
        },
      ],
    });
    expect(spec.securityContext).not.toHaveProperty('runAsUser');
    expect(spec.volumes).toEqual(
      expect.arrayContaining([
        { name: 'state', persistentVolumeClaim: { claimName: 'mine' } },
        { name: 'more', emptyDir: { medium: 'Memory' } },
      ]),
    );
    expect(only).toMatchObject({
      image: `registry.example.com/sluice@${digest}`,
      resources: { limits: { memory: '1Gi' } },
    });
    expect(only.env).toEqual(
      expect.arrayContaining([
        { name: 'NODE_OPTIONS', value: '--max-old-space-size=600' },
        { name: 'HTTPS_PROXY', value: 'http://proxy:3128' },
      ]),
    );
    expect(only.volumeMounts).toContainEqual({ name: 'more', mountPath: '/more' });
    expect(one(objects, 'NetworkPolicy').spec?.['egress']).toContainEqual({
      ports: [{ port: 3128 }],
    });
    const kinds = objects.map(({ kind }) => kind);
    for (const absent of ['ServiceAccount', 'PersistentVolumeClaim', 'PodDisruptionBudget'])
      expect(kinds).not.toContain(absent);
    const subjects = objects.flatMap((each) => each.subjects ?? []);
    expect(new Set(subjects.map(({ name }) => name))).toEqual(new Set(['mine']));
  });

  test('restarts the pods if the configuration changes, and only then', () => {
    const sum = (args: readonly string[]): unknown =>
      (deployment(rendered(args)).template.metadata as { annotations?: Record<string, string> })
        .annotations?.['checksum/config'];
    expect(sum([...WATCH, ...set('replicas=3')])).toBe(sum(WATCH));
    expect(sum([...WATCH, ...changedConfig('aws', '172.16.100.195', '172.16.100.196')])).not.toBe(
      sum(WATCH),
    );
  });

  test('keeps the volume after an uninstall, unless told otherwise', () => {
    const kept = (args: readonly string[]): unknown =>
      one(rendered(args), 'PersistentVolumeClaim').metadata.annotations?.[
        'helm.sh/resource-policy'
      ];
    expect(kept(UP)).toBe('keep');
    expect(kept([...UP, ...set('persistence.keep=false')])).toBeUndefined();
  });
});
