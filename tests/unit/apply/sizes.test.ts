import { expect, test } from '@jest/globals';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { PartitionResult } from '../../../functions/apply/job.ts';
import { createSizes } from '../../../functions/apply/sizes.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import { RECOMMENDED_LIMITS } from '../../../shared/domain/plan/limits.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

function result(members: number): PartitionResult {
  const contributions = [
    {
      owner: 'east/istio-system/gw',
      gateways: [],
      since: '',
      members: Array.from({ length: members }, (_, i) => ({
        address: `10.0.0.${i}`,
        port: 1,
        availability: 'ready' as const,
      })),
    },
  ];
  const declared = declaredState({}, [
    { address: '172.16.100.195', port: 1, protocol: 'tcp', settings: SETTINGS, contributions },
  ]);
  return { partition: 'k8s', entries: new Map(), rejections: new Map(), approved: [], declared };
}

test('exceeded limits are reported once an hour for each device', () => {
  const lines: object[] = [];
  const quiet = (): void => undefined;
  const log: Logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (line: unknown) => void lines.push(line as object),
    child: () => log,
  };
  let now = 0;
  const sizes = createSizes({
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    log,
  });
  const wide = [result(RECOMMENDED_LIMITS.members + 1)];
  for (const device of ['a', 'a', 'b']) sizes.note({ name: device, capabilities: BIGIP }, wide);
  sizes.note({ name: 'c', capabilities: BIGIP }, [result(RECOMMENDED_LIMITS.members)]);
  expect(lines).toMatchObject([
    { device: 'a', partition: 'k8s', code: 'BIP461' },
    { device: 'b', code: 'BIP461' },
  ]);
  now = 3_600_000;
  sizes.note({ name: 'a', capabilities: BIGIP }, wide);
  expect(lines).toHaveLength(3);
});
