/** `sluice doctor`: does everything that the configuration names answer, with the rights and settings it needs? Writes nothing. */
import type { Command } from 'commander';
import { atDesk, withConfig } from '../failures/context.ts';
import type { CommonOptions } from '../failures/context.ts';
import { examine } from '../failures/doctor-table.ts';
import type { Format } from '../output.ts';
import { columns, formatOption, print, say } from '../output.ts';

interface DoctorOptions extends CommonOptions {
  readonly kubeconfig?: string;
  readonly output: Format;
}

export function registerDoctor(program: Command): void {
  withConfig(program.command('doctor'))
    .description(
      'check configuration, secrets, devices, queues, failure store, clock and, with --kubeconfig, the cluster; changes nothing',
    )
    .option('-k, --kubeconfig <file>', 'check the cluster behind this kubeconfig too')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 all is well, 1 error, 2 findings.\n\nExample:\n  sluice doctor -c sluice.yaml -k ~/.kube/config',
    )
    .action(doctor);
}

async function doctor(options: DoctorOptions): Promise<void> {
  await atDesk(options, async (desk) => {
    const findings = await examine({
      desk,
      config: options.config,
      kubeconfig: options.kubeconfig,
    });
    print(options.output, findings, () =>
      columns(
        ['', 'CHECK', 'RESULT'],
        findings.map((f) => [f.ok ? 'ok' : 'BAD', f.what, f.says]),
      ),
    );
    const bad = findings.filter((f) => !f.ok).length;
    if (bad > 0) process.exitCode = 2;
    if (options.output === 'table')
      say(bad === 0 ? 'All is well.' : `${bad} of ${findings.length} checks are bad.`);
  });
}
