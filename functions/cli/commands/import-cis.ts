/** `sluice import cis`: what CIS was told for an ingress gateway, in the words of Sluice. */
import { Command, Option } from 'commander';
import { importCis } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { importText } from '../import-cis/import-text.ts';
import { rawObjectsIn } from '../manifests/objects.ts';
import type { ManifestOptions } from '../manifests/read-manifests.ts';
import { withManifests } from '../manifests/read-manifests.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { collectValues, formatOption, printData } from '../terminal/output.ts';

interface ImportOptions extends ManifestOptions {
  readonly cluster: string;
  readonly device?: readonly string[];
  readonly service?: readonly string[];
  readonly poolMemberType: 'nodeport' | 'cluster';
  readonly output: OutputFormat;
}

export function registerImport(program: Command): void {
  const cis = withManifests(
    new Command('cis').description(
      'convert F5 ConfigMaps, TransportServers and IngressLinks of an ingress gateway to sluice.yaml entries and annotations',
    ),
  )
    .option(
      '--service <namespace/name>',
      'an ingress gateway Service; objects for other Services are left out (repeatable; default: all Services)',
      collectValues,
    )
    .option('--cluster <id>', 'id of this cluster in sluice.yaml', 'cluster')
    .option(
      '--device <name>',
      'device name in sluice.yaml (repeatable; default: bigip)',
      collectValues,
    )
    .addOption(
      new Option('--pool-member-type <type>', 'the same flag as of CIS')
        .choices(['nodeport', 'cluster'])
        .default('nodeport'),
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  kubectl get cm,transportservers,ingresslinks,svc,gateways.networking.istio.io -A -o yaml | sluice import cis -f -',
    )
    .action(run);
  program.addCommand(
    new Command('import').description('migrate from other controllers').addCommand(cis),
  );
}

function run(options: ImportOptions): void {
  const raw = rawObjectsIn(options);
  const { cluster, device: devices = ['bigip'], poolMemberType, service } = options;
  const result = chosen(
    importCis(raw, { cluster, devices, members: poolMemberType === 'cluster' ? 'pods' : 'nodes' }),
    service,
  );
  printData(options.output, result, () => importText(result, normaliseObjects([...raw]).objects));
}

/** CIS serves applications too; they are no ingress. */
function chosen(all: CisImport, services: readonly string[] | undefined): CisImport {
  if (services === undefined) return all;
  const unknown = services.find(
    (service) => !all.ingresses.some((ingress) => ingress.service === service),
  );
  if (unknown !== undefined)
    throw new Error(
      `--service ${unknown}: no object in these files is for it; the files are for ${all.ingresses.map(({ service }) => service).join(', ') || 'no Service'}`,
    );
  const others = all.ingresses
    .filter(({ service }) => !services.includes(service))
    .map(({ service }) => service);
  return {
    ingresses: all.ingresses.filter(({ service }) => services.includes(service)),
    annotations: all.annotations.filter(
      ({ object }) => !others.some((service) => object.endsWith(` of Service ${service}`)),
    ),
    notCarried: [
      ...all.notCarried,
      ...others.map((service) => ({
        object: `Service ${service}`,
        field: '--service',
        reason: 'is not selected with --service; leave it to CIS',
      })),
    ],
  };
}
