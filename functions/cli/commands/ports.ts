/** `sluice ports`: who has which address and port, by what the devices declare. */
import type { Command } from 'commander';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Drain } from '../../../shared/domain/plan/owner-record.ts';
import { describeOverride } from '../../../shared/domain/plan/overrides.ts';
import { formatRevision } from '../../../shared/domain/revision.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import { readDeclaredPartitions } from '../../../shared/operations/devices/declared-partitions.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/declared-partitions.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatTable, formatOption, printData, printLine } from '../terminal/output.ts';

export interface PortRow {
  readonly device: string;
  readonly partition: string;
  /** `address:port/protocol` */
  readonly exposure: string;
  readonly owner: string;
  readonly gateways: readonly string[];
  readonly members: number;
  readonly draining: number;
  /** Its cluster is taken out of rotation by order or policy. */
  readonly drained?: Drain['mode'];
  readonly revision: string;
  /** What was changed on the device by hand and is kept. */
  readonly kept: readonly string[];
  /** Since when the owner is there, RFC 3339. */
  readonly since: string;
}

export function registerPorts(program: Command): void {
  addConfigOption(program.command('ports [words...]'))
    .description(
      'address and port, with owner, gateway, members and revision; words narrow it down',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 done, 1 a device gave no answer.\n\nExamples:\n  sluice ports -c sluice.yaml\n  sluice ports -c sluice.yaml :443 team/',
    )
    .action(ports);
}

/** Pure. */
export function portRows(declared: readonly DeclaredPartitionView[]): readonly PortRow[] {
  return declared.flatMap((d) => {
    if (!('state' in d)) return [];
    const { device, partition, state } = d;
    return Object.entries(state.exposures).flatMap(([exposure, e]) => {
      const override = state.overrides?.[exposure];
      const kept =
        override === undefined
          ? []
          : describeOverride(override).map((words) => `${words} since ${override.since}`);
      return e.contributions.map(({ owner, gateways, members, since }): PortRow => {
        const version = state.owners[owner]?.version;
        const drained = state.drains?.[parseOwner(owner).cluster]?.mode;
        const draining =
          drained === undefined
            ? members.filter((m) => m.availability === 'draining').length
            : members.length;
        return {
          device,
          partition,
          exposure,
          owner,
          gateways,
          members: members.length,
          draining,
          ...(drained === undefined ? {} : { drained }),
          revision: version === undefined ? '-' : formatRevision(version),
          kept,
          since,
        };
      });
    });
  });
}

async function ports(
  words: string[],
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  await withContext(options, async ({ runtime }) => {
    const declared = await readDeclaredPartitions(runtime);
    for (const d of declared) {
      if ('state' in d) continue;
      printLine(`${d.device}, partition ${d.partition}: ${d.problem} (${d.code})`);
      process.exitCode = 1;
    }
    const rows = portRows(declared).filter((row) =>
      words.every((word) =>
        [row.device, row.partition, row.exposure, row.owner, ...row.gateways].some((text) =>
          text.includes(word),
        ),
      ),
    );
    printData(options.output, rows, () => table(rows));
  });
}

function table(rows: readonly PortRow[]): string {
  if (rows.length === 0) return 'Nothing is declared.';
  const anyKept = rows.some(({ kept }) => kept.length > 0);
  return formatTable(
    [
      'ADDRESS',
      'DEVICE',
      'PARTITION',
      'OWNER',
      'GATEWAYS',
      'MEMBERS',
      'REVISION',
      ...(anyKept ? ['KEPT BY HAND'] : []),
    ],
    rows.map((r) => [
      r.exposure,
      r.device,
      r.partition,
      r.owner,
      r.gateways.join(', '),
      membersInWords(r),
      r.revision,
      ...(anyKept ? [r.kept.join('; ')] : []),
    ]),
  );
}

function membersInWords({ members, draining, drained }: PortRow): string {
  if (drained === 'out') return `${members} (cluster is out)`;
  if (drained === 'drain') return `${members} (cluster is draining)`;
  return draining === 0 ? String(members) : `${members} (${draining} draining)`;
}
