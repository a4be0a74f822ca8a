/** What a dry run may fill: a queue and a failure store of its own, so that it takes nothing from a Sluice that works. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SluiceConfig } from '../../../shared/config/schema.ts';

export interface ThrowawayStores {
  readonly config: SluiceConfig;
  remove(): void;
}

export function throwawayStores(config: SluiceConfig): ThrowawayStores {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-dry-run-'));
  const { retentionDays, replayers } = config.failures;
  return {
    config: {
      ...config,
      queue: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
      failures: { kind: 'fs', path: join(dir, 'failures'), retentionDays, replayers, replay: [] },
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
