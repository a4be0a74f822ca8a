/** Imports from CIS without the persistence that AS3 adds by default, which has its own tests. */
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import {
  type CisImport,
  type CisImportOptions,
  importCis as importAll,
} from '../../../shared/domain/exposure/sources/cis/import-cis.ts';

const PERSISTENCE = 'sluice.io/persistence';
const USUAL = ['source-address', 'cookie', 'tls-session-id'];

function without(said: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { [PERSISTENCE]: persistence, ...rest } = said;
  return persistence === undefined || USUAL.includes(persistence) ? rest : said;
}

export function importCis(
  raw: readonly unknown[],
  options: CisImportOptions,
  objects?: KubernetesObjects,
): CisImport {
  const found = importAll(raw, options, objects);
  return {
    ...found,
    annotations: found.annotations
      .map((one) => ({ ...one, annotations: without(one.annotations) }))
      .filter(({ annotations }) => Object.keys(annotations).length > 0),
    gateways: found.gateways.map((one) => ({ ...one, annotations: without(one.annotations) })),
  };
}
