import { describe, expect, test } from '@jest/globals';
import { chooseCluster } from '../../../shared/operations/clusters/clusters.ts';
import { meshOptions } from '../../../functions/cli/manifests/mesh-options.ts';
import { ignoredLines } from '../../../shared/operations/manifests/ignored.ts';
import { ChoiceError } from '../../../shared/operations/choice.ts';
import { formatFailure, formatTable } from '../../../functions/cli/terminal/output.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import { assertQueueThere } from '../../../functions/cli/terminal/context.ts';

describe('--mesh-option', () => {
  test.each([
    ['scopeGatewayToNamespace=true', { scopeGatewayToNamespace: true }],
    ['strictGatewayMerging=false', { strictGatewayMerging: false }],
    ['statusPort=15020', { statusPort: 15020 }],
    ['revision=130', { revision: '130' }],
    ['revision=true', { revision: 'true' }],
    ['gatewayClasses=istio, mine', { gatewayClasses: ['istio', 'mine'] }],
    ['defaultVirtualServiceExportTo=.', { defaultVirtualServiceExportTo: ['.'] }],
    ['revision=a=b', { revision: 'a=b' }],
  ])('%s is read by the type of the option', (word, wanted) => {
    expect(meshOptions(undefined, [word])).toEqual({ ...MeshOptions.parse({}), ...wanted });
  });

  test('overrides the configured ones, and the last of several counts', () => {
    const configured = MeshOptions.parse({ revision: 'canary', enableQuic: true });
    expect(meshOptions(configured, ['enableQuic=true', 'enableQuic=false'])).toEqual({
      ...configured,
      enableQuic: false,
    });
  });

  test.each([
    [
      'enableQuick=true',
      'unknown mesh option "enableQuick"; known options: scopeGatewayToNamespace, enableQuic',
    ],
    ['enableQuic', 'write it as enableQuic=value'],
    ['enableQuic=', 'write it as enableQuic=value'],
    ['enableQuic=maybe', 'must be true or false'],
    ['statusPort=99999', 'must be a port, 1 to 65535'],
  ])('%s is refused in a sentence that names it', (word, sentence) => {
    expect(() => meshOptions(undefined, [word])).toThrow(`--mesh-option ${word}: ${sentence}`);
  });
});

test('a choice that cannot be is refused with the options in which it is made', () => {
  expect(formatFailure(new ChoiceError(['exposures', 'device'], 'name the exposures'))).toBe(
    'name the exposures (--keys, --device)',
  );
});

test('the cluster defaults to the only one, requires a name if there are several, and lists them', () => {
  const config = { clusters: [{ id: 'east' }, { id: 'west' }] } as unknown as SluiceConfig;
  expect(chooseCluster({ ...config, clusters: config.clusters.slice(0, 1) }, undefined).id).toBe(
    'east',
  );
  expect(() => chooseCluster(config, undefined)).toThrow(
    'cluster is missing: use one of clusters[].id: east, west',
  );
  expect(chooseCluster(config, 'west').id).toBe('west');
  expect(() => chooseCluster(config, 'north')).toThrow(
    'cluster north: use one of clusters[].id: east, west',
  );
});

test('everything that is ignored for one reason fits on one line', () => {
  const ignored = [
    ...['a', 'b', 'c', 'd', 'e'].map((name) => ({
      kind: 'Deployment',
      name,
      reason: 'decides nothing',
    })),
    { kind: 'Pod', name: 'x', reason: 'the pod has ended' },
  ];
  expect(ignoredLines(ignored)).toEqual([
    'Deployment a, b, c and 2 more: decides nothing',
    'Pod x: the pod has ended',
  ]);
});

test('columns are as wide as their widest cell, without blanks at the end', () => {
  expect(
    formatTable(
      ['A', 'LONG'],
      [
        ['xyz', 'v'],
        ['', ''],
      ],
    ),
  ).toBe('A    LONG\nxyz  v\n');
});

test('an order is not written to a missing queue file, where it would never be read', () => {
  expect(() =>
    assertQueueThere({ queue: { kind: 'sqlite', path: 'no-such-folder/queue.sqlite' } }),
  ).toThrow(
    /^queue\.path: \/.*no-such-folder\/queue\.sqlite does not exist, so nothing would process the order; run this command where "sluice up" runs/,
  );
  expect(() =>
    assertQueueThere({ queue: { kind: 'sqlite', path: import.meta.filename } }),
  ).not.toThrow();
  expect(() =>
    assertQueueThere({ queue: { kind: 'sqs', region: 'eu-central-1', prefix: 'sluice' } }),
  ).not.toThrow();
});
