/** The reference page of CIS's fields, generated from the catalogue and the tables of the import. */
import { settingRow } from '../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import type { CisPart } from '../../shared/domain/exposure/settings/row.ts';
import { CIS_FIELDS } from '../../shared/domain/exposure/sources/cis/cis-fields.ts';

const HEAD = `# Fields of F5 CIS

Generated from the catalogue of settings and \`shared/domain/exposure/sources/cis\` by \`npm run docs\`; do not edit. What \`sluice import cis\`
makes of each field of CIS's custom resources ([how to migrate](../operations/migrate-from-cis.md)). *Not carried* means that the field is
reported with this reason; *left out*, that the whole virtual server is, because it would be less protected, or something else. Unknown
fields, and those of other kinds, are reported.
`;

const TITLES: Readonly<Record<CisPart, string>> = {
  VirtualServer: 'VirtualServer',
  TransportServer: 'TransportServer',
  IngressLink: 'IngressLink',
  TLSProfile: 'TLSProfile',
  Policy: 'Policy',
  pool: 'Pools (`pools[]`, `pool`, `defaultPool`)',
};

type Entry =
  NonNullable<ReturnType<typeof CIS_FIELDS.get>> extends ReadonlyMap<string, infer E> ? E : never;

const ONLY = {
  VirtualServer: '; only of VirtualServers',
  TransportServer: '; only of TransportServers',
  secure: '; only of VirtualServers with TLS',
  insecure: '; only of virtual servers without TLS',
} as const;

/** What becomes of a field, in two columns. */
function outcome(entry: Entry): string {
  if ('fate' in entry) {
    const { fate } = entry;
    if ('becomes' in fate) return `carried | ${fate.becomes}`;
    return 'blocks' in fate ? `left out | ${fate.blocks}` : `not carried | ${fate.lost}`;
  }
  const { setting, field } = entry;
  const annotation = settingRow(setting).annotations[0]?.name;
  const only = field.only === undefined ? '' : ONLY[field.only];
  return `carried | [\`${annotation}\`](settings.md#${setting.toLowerCase()})${only}`;
}

/** One table with the fields of a part, by name. */
function section(part: CisPart, fields: ReadonlyMap<string, Entry>): string {
  const rows = [...fields]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, entry]) => `| \`${field}\` | ${outcome(entry)} |`);
  return [
    `## ${TITLES[part]}\n`,
    '| field | | becomes, or why not |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The reference page about what the import from CIS does with each field. */
export function cisPage(): string {
  return [HEAD, ...[...CIS_FIELDS].map(([part, fields]) => section(part, fields))].join('\n');
}
