/**
 * `sluice doctor`: checks that everything in the configuration is reachable with the required
 * permissions and settings. Writes nothing.
 */
import type { Command } from 'commander';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import { runDoctor } from '../../../shared/operations/doctor/doctor.ts';
import { describeFinding, type DoctorFinding } from '../../../shared/operations/doctor/finding.ts';
import type { OutputFormat } from '../terminal/output.ts';
import {
  formatTable,
  formatOption,
  printData,
  printLine,
  printVerbatim,
} from '../terminal/output.ts';

/** Failed checks stand out among the others. */
const STATE_WORDS = { ok: 'ok', warn: 'warn', fail: 'BAD' } as const;

/**
 * Without `kubeconfig`, the cluster is not checked, and `cluster` and `leaseNamespace` have no
 * effect.
 */
interface DoctorOptions extends CommonOptions {
  readonly kubeconfig?: string;
  readonly cluster?: string;
  readonly leaseNamespace?: string;
  readonly output: OutputFormat;
}

/** Adds the command. */
export function registerDoctor(program: Command): void {
  addConfigOption(program.command('doctor'))
    .description(
      'check configuration, secrets, devices, queues, failure store, clocks and, ' +
        'with --kubeconfig, the cluster; changes nothing',
    )
    .option('-k, --kubeconfig <file>', 'also check the cluster of this kubeconfig')
    .option(
      '--cluster <id>',
      'cluster that this kubeconfig leads to, one of clusters[].id (default: the only one)',
    )
    .option(
      '--lease-namespace <namespace>',
      'namespace of the Lease of the watcher (default: of the context, or in a pod its own)',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 all is well, 1 error, 2 findings.\n\nExample:\n  sluice doctor -c sluice.yaml -k ~/.kube/config',
    )
    .action(doctor);
}

/**
 * Findings are data, so they are printed before the exit code is set: 2 if at least one check
 * failed.
 */
async function doctor(options: DoctorOptions): Promise<void> {
  await withContext(options, async (context) => {
    const findings = await runDoctor({
      context,
      config: options.config,
      kubeconfig: options.kubeconfig,
      cluster: options.cluster,
      leaseNamespace: options.leaseNamespace,
    });
    printFindings(options.output, findings);
    const bad = findings.filter((f) => !f.ok).length;
    if (bad > 0) process.exitCode = 2;
    if (options.output === 'table')
      printLine(bad === 0 ? 'All is well.' : `${bad} of ${findings.length} checks failed.`);
  });
}

/** What remedies say to copy comes after the table. */
export function printFindings(output: OutputFormat, findings: readonly DoctorFinding[]): void {
  printData(output, findings, () =>
    formatTable(
      ['STATE', 'CHECK', 'RESULT'],
      findings.map((f) => [STATE_WORDS[f.state], f.what, describeFinding(f)]),
    ),
  );
  if (output !== 'table') return;
  for (const { what, text } of findings)
    if (text !== undefined) printVerbatim(`\n# ${what}\n${text}`);
}
