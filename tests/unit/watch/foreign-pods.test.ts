import { expect, test } from '@jest/globals';
import { ForeignPods, type ForeignAnswer } from '../../../functions/watch/report/foreign-pods.ts';
import { KubernetesError, type KubernetesClient } from '../../../shared/kubernetes/index.ts';
import { gatewayPod, ingressService } from '../../integration/watch/support.ts';

const OTHER = { istio: 'other' };

interface World {
  /** Namespaces of pods that match the selector, and their phases. */
  readonly pods?: Readonly<Record<string, 'router' | 'sidecar'>>;
  readonly services?: readonly object[];
  readonly mayReadPods?: boolean;
}

function bench({ pods = {}, services = [], mayReadPods = true }: World): {
  readonly foreign: ForeignPods;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const client = {
    pages: async function* pages(
      { plural }: { readonly plural: string },
      {
        namespace,
        labelSelector,
      }: { readonly namespace?: string; readonly labelSelector?: string },
    ) {
      asked.push([plural, namespace ?? 'everywhere', labelSelector ?? ''].join(' ').trim());
      if (plural === 'services') {
        yield { items: services.map((selector) => ingressService({ selector })) };
        return;
      }
      if (namespace === undefined && !mayReadPods)
        throw new KubernetesError({ status: 403, reason: 'Forbidden', message: 'no' });
      yield {
        items: Object.entries(pods)
          .filter(([one]) => namespace === undefined || namespace === one)
          .map(([one, role]) => {
            const pod = gatewayPod('other', { namespace: one });
            return {
              ...pod,
              spec: { containers: [{ name: 'istio-proxy', args: ['proxy', role] }] },
            };
          }),
      };
    },
  } as unknown as KubernetesClient;
  const clock = { monotonic: () => 0 };
  return { asked, foreign: new ForeignPods({ client, clock, namespaces: ['istio-system'] }) };
}

test.each<[string, World, ForeignAnswer]>([
  ['gateway pods anywhere', { pods: { elsewhere: 'router' } }, 'found'],
  ['pods of applications', { pods: { elsewhere: 'sidecar' } }, 'none'],
  ['nothing', {}, 'none'],
  [
    'gateway pods next to the ingress, without permission to read pods elsewhere',
    { pods: { 'istio-system': 'router' }, mayReadPods: false },
    'found',
  ],
  [
    'the pods of a Service elsewhere, without permission to read them',
    { services: [{ ...OTHER, app: 'x' }], mayReadPods: false },
    'found',
  ],
  [
    'neither, without permission to read pods elsewhere',
    { services: [{ app: 'x' }], mayReadPods: false },
    'unseen',
  ],
])('a selector that means %s', async (_, world, expected) => {
  const { foreign } = bench(world);
  expect((await foreign.among([OTHER]))(OTHER)).toBe(expected);
});

test('one selector of many Gateways is asked for once', async () => {
  const { foreign, asked } = bench({});
  await foreign.among([OTHER, { ...OTHER }]);
  await foreign.among([OTHER]);
  expect(asked).toEqual(['pods everywhere istio=other']);
});
