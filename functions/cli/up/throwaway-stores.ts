/**
 * Temporary queue and failure store of a dry run, so that it does not interfere with a real
 * installation.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SluiceConfig } from '../../../shared/config/schema.ts';

/**
 * A configuration whose queue and failure store are in a temporary directory, which `remove`
 * deletes.
 */
export interface ThrowawayStores {
  readonly config: SluiceConfig;
  remove(): void;
}

/** Replay policies are left out, so that a dry run replays nothing by itself. */
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
