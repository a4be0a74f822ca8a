/** `sluice import cis`: converts the CIS configuration of an ingress gateway. */
import { Command, Option } from 'commander';
import { importCis } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { importText } from '../import-cis/import-text.ts';
import { rawObjectsIn } from '../manifests/objects.ts';
import type { ManifestOptions } from '../manifests/read-manifests.ts';
import { withManifests } from '../manifests/read-manifests.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { collectValues, formatOption, printData } from '../terminal/output.ts';

/** `poolMemberType` has the values of the flag of CIS, and selects nodes or pods as members. */
interface ImportOptions extends ManifestOptions {
  readonly cluster: string;
  readonly device?: readonly string[];
  readonly service?: readonly string[];
  readonly poolMemberType: 'nodeport' | 'cluster';
  readonly output: OutputFormat;
}

/**
 * Adds `sluice import` with its only source, `cis`. It works on files and needs no configuration.
 */
export function registerImport(program: Command): void {
  const cis = withManifests(
    new Command('cis').description(
      'convert the F5 CIS configuration of an ingress gateway to sluice.yaml entries and annotations',
    ),
  )
    .option(
      '--service <namespace/name>',
      'only this ingress gateway Service (repeatable; default: all Services)',
      collectValues,
    )
    .option('--cluster <id>', 'id of this cluster in sluice.yaml', 'cluster')
    .option(
      '--device <name>',
      'device name in sluice.yaml (repeatable; default: bigip)',
      collectValues,
    )
    .addOption(
      new Option('--pool-member-type <type>', 'the value of this flag of CIS')
        .choices(['nodeport', 'cluster'])
        .default('nodeport'),
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  kubectl get ' +
        'cm,virtualservers,transportservers,ingresslinks,tlsprofiles,policies.cis.f5.com,' +
        'svc,po,gateways.networking.istio.io ' +
        '-A -o yaml | sluice import cis -f -',
    )
    .action(run);
  program.addCommand(
    new Command('import').description('migrate from other controllers').addCommand(cis),
  );
}

/** A Service named with `--service` for which CIS publishes nothing is reported. */
function run(options: ImportOptions): void {
  const raw = rawObjectsIn(options);
  const { cluster, device: devices = ['bigip'], poolMemberType, service: services } = options;
  const members = poolMemberType === 'cluster' ? 'pods' : 'nodes';
  const { objects } = normaliseObjects([...raw]);
  const all = importCis(raw, { cluster, devices, members }, objects);
  for (const service of services ?? []) {
    if (!all.ingresses.some((ingress) => ingress.service === service))
      throw new Error(
        `--service ${service}: no object in these files is for it; the files are ` +
          `for ${all.ingresses.map((one) => one.service).join(', ') || 'no Service'}`,
      );
  }
  const result =
    services === undefined ? all : importCis(raw, { cluster, devices, members, services }, objects);
  printData(options.output, result, () => importText(result));
}
