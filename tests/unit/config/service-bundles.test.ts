import { describe, expect, test } from '@jest/globals';
import { exposureContext } from '../../../shared/config/context.ts';
import { ConfigError, parseConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';

type Tree = Record<string, unknown>;

const WEB = { name: 'web', settings: { balance: 'ratio-member', source: '10.0.0.0/8' } };

interface Parts {
  readonly bundles?: readonly Tree[];
  readonly requirements?: readonly Tree[];
  readonly ingress?: Tree;
  readonly fleet?: Tree;
}

function parsed({
  bundles = [WEB],
  requirements = [],
  ingress = {},
  fleet = {},
}: Parts): SluiceConfig {
  const device = {
    name: 'bigip',
    url: 'https://192.0.2.1',
    username: 'admin',
    password: 'env:PW',
    partitions: ['k8s'],
  };
  const of = (cluster: string): Tree => ({
    cluster,
    service: 'istio-system/istio-ingressgateway',
    devices: ['bigip'],
    ...ingress,
  });
  const config = {
    devices: [device],
    clusters: [{ id: 'east' }, { id: 'west' }],
    fleets: [{ name: 'all', clusters: ['east', 'west'], settings: fleet }],
    serviceBundles: bundles,
    ingresses: [of('east'), of('west')],
    policy: { references: ['/Common/ok'], requirements },
  };
  return parseConfig(JSON.stringify(config), 'sluice.yaml', 7);
}

function problems(parts: Parts): readonly string[] {
  try {
    parsed(parts);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

describe('service bundles and requirements in sluice.yaml', () => {
  test.each<[string, Parts]>([
    ['a bundle that nothing names', {}],
    ['a bundle of an ingress', { ingress: { serviceBundle: 'web' } }],
    [
      'an ingress that sets the same value',
      { ingress: { serviceBundle: 'web', settings: { balance: 'ratio-member' } } },
    ],
    [
      'a requirement of a bundle',
      { requirements: [{ name: 'r', bundle: 'web', otherwise: 'add' }] },
    ],
    [
      'a requirement of one setting of it',
      { requirements: [{ name: 'r', bundle: 'web', settings: ['source'] }] },
    ],
    [
      'a requirement of a list that is empty by default',
      { requirements: [{ name: 'r', settings: ['iRules'] }] },
    ],
    ['a requirement of any value', { requirements: [{ name: 'r', settings: ['source'] }] }],
    [
      'a fleet with the required value',
      { requirements: [{ name: 'r', bundle: 'web' }], fleet: { source: '10.0.0.0/8' } },
    ],
  ])('take %s', (_, parts) => {
    expect(problems(parts)).toEqual([]);
  });

  test.each<[string, Parts, readonly string[]]>([
    [
      'a duplicate name',
      { bundles: [WEB, WEB] },
      ['serviceBundles[1].name: web is already used by serviceBundles[0]'],
    ],
    [
      'a reference that the policy does not allow',
      { bundles: [{ name: 'web', settings: { iRules: ['/Common/no'] } }] },
      [
        'serviceBundles[0].settings: refers to /Common/no, which policy.references does not list; add it there',
      ],
    ],
    [
      'an unknown bundle of an ingress',
      { ingress: { serviceBundle: 'wep' } },
      [
        'ingresses[0].serviceBundle: no service bundle wep; did you mean web?',
        'ingresses[1].serviceBundle: no service bundle wep; did you mean web?',
      ],
    ],
    [
      'an unknown bundle of a requirement',
      { requirements: [{ name: 'r', bundle: 'other' }] },
      ['policy.requirements[0].bundle: no service bundle other; known are web'],
    ],
    [
      'a requirement of nothing',
      { requirements: [{ name: 'r' }] },
      ['policy.requirements[0]: must have bundle or settings, or both'],
    ],
    [
      'two requirements with one name',
      {
        requirements: [
          { name: 'r', bundle: 'web' },
          { name: 'r', bundle: 'web' },
        ],
      },
      ['policy.requirements[1].name: r is already used by policy.requirements[0]'],
    ],
    [
      'values to add without a bundle',
      { requirements: [{ name: 'r', settings: ['source'], otherwise: 'add' }] },
      [
        'policy.requirements[0].otherwise: add needs a bundle that has the values; name one, or use refuse',
      ],
    ],
    [
      'a setting that always has a value, without a value',
      { requirements: [{ name: 'r', settings: ['balance'] }] },
      [
        'policy.requirements[0].settings: balance always has a value, so requiring it has ' +
          'no effect; name a bundle with the required value',
      ],
    ],
    [
      'a setting that the bundle does not have',
      { requirements: [{ name: 'r', bundle: 'web', settings: ['snat'] }] },
      [
        'policy.requirements[0].settings: service bundle web does not set snat; add it there, or remove it here',
      ],
    ],
    [
      'an ingress that contradicts its bundle',
      { ingress: { serviceBundle: 'web', settings: { balance: 'round-robin' } } },
      ['ingresses[0].settings', 'ingresses[1].settings'].map(
        (path) =>
          `${path}: balance is round-robin, but service bundle web has ratio-member; make them equal, or remove one`,
      ),
    ],
    [
      'a fleet that overrides a required value',
      { requirements: [{ name: 'r', bundle: 'web' }], fleet: { source: '0.0.0.0/0' } },
      [
        'fleets[0].settings: source is 0.0.0.0/0, but policy requirement "r" has ' +
          '10.0.0.0/8; make them equal, or remove one',
      ],
    ],
  ])('refuse %s, with field and remedy', (_, parts, expected) => {
    expect(problems(parts)).toEqual(expected);
  });
});

test('the settings of the fleet reach the requirements', () => {
  const config = parsed({ fleet: { snat: 'none', profiles: { tcp: '/Common/ok' } } });
  const [ingress] = config.ingresses;
  expect(exposureContext(config, ingress!, MeshOptions.parse({})).fleet).toEqual({
    name: 'all',
    settings: { snat: 'none', profileTcp: '/Common/ok' },
  });
});
