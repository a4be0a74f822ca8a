/** The facts from which a migration from F5 CIS is planned. */
import type { ForeignServer } from '../../device/foreign-server.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { AskedExposure } from './asked.ts';
import type { CisController } from './controllers.ts';
import type { CisOwned } from './owned.ts';

/** What is known of the cluster and the device. */
export interface MigrationFacts {
  readonly device: string;
  readonly controllers: readonly CisController[];
  readonly owned: readonly CisOwned[];
  /** All virtual servers outside of the partitions of Sluice. */
  readonly foreign: readonly ForeignServer[];
  /** By partition of Sluice on the device. */
  readonly declared: ReadonlyMap<string, DeclaredState>;
  readonly asked: readonly AskedExposure[];
  /** Keys whose content would be another one without the F5 ConfigMaps. */
  readonly leaning: ReadonlySet<string>;
}
