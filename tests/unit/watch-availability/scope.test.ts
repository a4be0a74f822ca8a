import { describe, expect, test } from '@jest/globals';
import type { CacheChange } from '../../../functions/watch/cache/cluster-index.ts';
import { PodSelectors } from '../../../functions/watch/cache/pod-selectors.ts';
import { podSelector, sliceSelector } from '../../../functions/watch/cache/label-selectors.ts';
import { ingressService } from '../../fixtures/kubernetes.ts';

const selecting = (...selectors: readonly Record<string, string>[]): string | undefined =>
  podSelector(selectors.map((selector) => ({ selector })));

describe('the pods that are followed', () => {
  test.each([
    [
      'one Service',
      [{ istio: 'ingressgateway', app: 'gw' }],
      'app in (gw),istio in (ingressgateway)',
    ],
    ['two Services that differ in a value', [{ istio: 'a' }, { istio: 'b' }], 'istio in (a,b)'],
    [
      'two Services, one of which selects by more labels',
      [{ istio: 'a', app: 'x' }, { istio: 'a' }],
      'istio in (a)',
    ],
    ['two Services with nothing in common: all', [{ istio: 'a' }, { app: 'b' }], ''],
    ['a Service without selector selects nothing', [{}, { app: 'b' }], 'app in (b)'],
    ['no Gateway selects anything', [{}], undefined],
  ])('%s', (_, selectors, expected) => {
    expect(selecting(...(selectors as Record<string, string>[]))).toBe(expected);
  });

  test('endpoint slices are those of the ingress Services', () => {
    expect(
      sliceSelector([
        { namespace: 'n', service: 'b' },
        { namespace: 'n', service: 'a' },
      ]),
    ).toBe('kubernetes.io/service-name in (a,b)');
  });
});

describe('when the selector of the ingress Service changes', () => {
  function changed(
    selector: Record<string, string>,
    what: 'updated' | 'deleted' = 'updated',
  ): CacheChange {
    const object = ingressService([], { selector });
    return {
      change: {
        what,
        kind: 'Service',
        namespace: object.meta.namespace,
        name: object.meta.name,
        resourceVersion: '1',
      },
      observed: {
        of: 'services',
        object,
        owned: { version: '1', ports: [], status: false, statusManagers: [] },
      },
      before: undefined,
    };
  }

  function bench(): {
    readonly scopes: PodSelectors;
    readonly heard: CacheChange[];
    readonly lists: (() => void)[];
  } {
    const [heard, lists]: [CacheChange[], (() => void)[]] = [[], []];
    const scopes = new PodSelectors(
      [{ namespace: 'istio-system', service: 'istio-ingressgateway' }],
      (change) => void heard.push(change),
    );
    scopes.notice(changed({ istio: 'a' }));
    scopes.start('istio-system', {
      start: () => undefined,
      relist: () => new Promise((resolve) => void lists.push(resolve)),
    });
    return { scopes, heard, lists };
  }

  test('lists the pods again, with nothing complete meanwhile, and reports the newest Service', async () => {
    const { scopes, heard, lists } = bench();
    expect([scopes.selector('istio-system'), scopes.complete('istio-system')]).toEqual([
      'istio in (a)',
      true,
    ]);
    scopes.notice(changed({ istio: 'b' }));
    scopes.notice(changed({ istio: 'c' }));
    expect([
      scopes.selector('istio-system'),
      scopes.complete('istio-system'),
      lists.length,
    ]).toEqual(['istio in (c)', false, 2]);
    lists[0]?.();
    await Promise.resolve();
    expect([scopes.complete('istio-system'), heard]).toEqual([false, []]);
    const last = changed({ istio: 'c' }, 'deleted');
    scopes.notice(last);
    lists[1]?.();
    await Promise.resolve();
    await Promise.resolve();
    expect([scopes.complete('istio-system'), heard]).toEqual([true, [last]]);
  });

  test('the pods of a deleted Service are still followed', () => {
    const { scopes, lists } = bench();
    scopes.notice(changed({ istio: 'a' }, 'deleted'));
    expect([scopes.selector('istio-system'), lists.length]).toEqual(['istio in (a)', 0]);
  });
});
