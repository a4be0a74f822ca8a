/** `sluice doctor`: does everything that the configuration names answer, with the rights and settings it needs? Writes nothing. */
import type { Command } from 'commander';
import { atDesk, withConfig } from '../failures/context.ts';
import type { CommonOptions } from '../failures/context.ts';
import { clusterChecks, deviceChecks, poolChecks, queueChecks, secretChecks, senderChecks, storeChecks } from '../failures/checks.ts';
import type { Finding } from '../failures/checks.ts';
import type { Format } from '../output.ts';
import { columns, formatOption, print } from '../output.ts';

interface DoctorOptions extends CommonOptions {
  readonly kubeconfig?: string;
  readonly output: Format;
}

export function registerDoctor(program: Command): void {
  withConfig(program.command('doctor'))
    .description('check configuration, secrets, devices, queues, failure store, clock and, with --kubeconfig, the cluster; changes nothing')
    .option('-k, --kubeconfig <file>', 'check the cluster behind this kubeconfig too')
    .addOption(formatOption())
    .addHelpText('after', '\nExit code: 0 all is well, 1 error, 2 findings.\n\nExample:\n  sluice doctor -c sluice.yaml -k ~/.kube/config')
    .action(doctor);
}

async function doctor(options: DoctorOptions): Promise<void> {
  await atDesk(options, async (desk) => {
    const { runtime } = desk;
    const found: readonly (readonly Finding[])[] = await Promise.all([
      Promise.resolve([{ what: 'configuration', ok: true, says: `${options.config}, generation ${runtime.config.generation}: ${runtime.config.devices.length} devices, ${runtime.config.clusters.length} clusters, ${runtime.config.ingresses.length} ingresses` }]),
      senderChecks(runtime),
      secretChecks(runtime),
      deviceChecks(runtime),
      poolChecks(runtime),
      queueChecks(runtime),
      storeChecks(desk),
      options.kubeconfig === undefined ? [] : clusterChecks(runtime, options.kubeconfig),
    ]);
    const findings = found.flat();
    print(options.output, findings, () => columns(['', 'CHECK', 'RESULT'], findings.map((f) => [f.ok ? 'ok' : 'BAD', f.what, f.says])));
    if (findings.some((f) => !f.ok)) process.exitCode = 2;
  });
}
