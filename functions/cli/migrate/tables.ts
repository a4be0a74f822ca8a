/** Text of `sluice migrate cis`. */
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import type { AddressPlan } from '../../../shared/operations/migrate/address-plan.ts';
import type { CisController } from '../../../shared/operations/migrate/controllers.ts';
import type { MigrationRow } from '../../../shared/operations/migrate/rows.ts';
import { importText, isNothing } from '../import-cis/import-text.ts';
import { formatTable } from '../terminal/output.ts';

/** The data of `sluice migrate cis plan`. */
export interface MigrationPlanView {
  readonly controllers: readonly CisController[];
  readonly rows: readonly MigrationRow[];
  /** For sluice.yaml and the Gateways. */
  readonly advice: CisImport;
}

const STATES: Readonly<Record<MigrationRow['state'], string>> = {
  cis: 'F5 CIS',
  ready: 'F5 CIS; ready',
  sluice: 'Sluice',
  nobody: 'nobody',
};

/** Without what only `take` needs. */
export function migrationText({ controllers, rows, advice }: MigrationPlanView): string {
  return [
    controllersText(controllers),
    rows.length === 0 ? 'F5 CIS publishes nothing from this cluster.' : rowsText(rows),
    ...problemsText(rows.map(({ key, problems }) => ({ key, problems }))),
    ...(isNothing(advice) ? [] : [importText(advice)]),
  ].join('\n\n');
}

function controllersText(controllers: readonly CisController[]): string {
  if (controllers.length === 0) return 'No Deployment of F5 CIS is in this cluster.';
  return formatTable(
    ['F5 CIS', 'RUNS', 'PARTITION', 'AGENT', 'MEMBERS'],
    controllers.map(({ name, running, partitions, agent, members }) => [
      name,
      running ? 'yes' : 'no',
      partitions.join(', '),
      agent,
      members,
    ]),
  );
}

/** One line for each virtual server. */
export function rowsText(rows: readonly MigrationRow[]): string {
  return formatTable(
    ['ADDRESS', 'SERVED BY', 'OBJECT OF F5 CIS', 'SLUICE', 'CHANGES'],
    rows.map((row) => [
      row.key,
      STATES[row.state],
      row.objects.join(', ') || '(none in this cluster)',
      sluiceText(row),
      row.differences.join('; ') || '-',
    ]),
  );
}

function sluiceText({ sluice, beside }: MigrationRow): string {
  const gateways = sluice?.gateways.map(({ gateway }) => gateway).join(', ');
  const also = beside.length === 0 ? [] : [`side by side at ${beside.join(', ')}`];
  return [...(gateways === undefined ? [] : [`Gateway ${gateways}`]), ...also].join('; ') || '-';
}

function problemsText(
  rows: readonly { readonly key: string; readonly problems: readonly string[] }[],
): readonly string[] {
  const lines = rows.flatMap(({ key, problems }) => problems.map((problem) => [key, problem]));
  return lines.length === 0 ? [] : [formatTable(['NOT READY', 'WHY'], lines)];
}

/** The preview of `take` and `undo`. */
export function switchText(plan: AddressPlan, verb: 'let go of' | 'get back'): string {
  const steps = plan.objects.map(({ object, label }) =>
    label === undefined
      ? [object, '']
      : [
          object,
          verb === 'let go of'
            ? `label ${label.name}: ${label.value}, then handed-over`
            : `label ${label.name}: handed-over, then ${label.value}`,
        ],
  );
  return [
    ...(plan.rows.length === 0 ? [] : [rowsText(plan.rows)]),
    ...(steps.length === 0
      ? []
      : [formatTable([`F5 CIS WILL ${verb.toUpperCase()}`, 'HOW'], steps)]),
  ].join('\n\n');
}
