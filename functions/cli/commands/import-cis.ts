/** `sluice import cis`: what CIS was told for an ingress gateway, in the words of Sluice. */
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { importCis } from '../../../shared/domain/exposure/import-cis.ts';
import type { CisImport } from '../../../shared/domain/exposure/import-cis.ts';
import { readManifests } from '../manifests.ts';
import type { Format } from '../output.ts';
import { collect, columns, formatOption, print } from '../output.ts';

interface ImportOptions {
  readonly file: readonly string[];
  readonly namespace: string;
  readonly cluster: string;
  readonly device: readonly string[];
  readonly poolMemberType: 'nodeport' | 'cluster';
  readonly output: Format;
}

export function registerImport(program: Command): void {
  const cis = new Command('cis')
    .description('turn F5 ConfigMaps, TransportServers and IngressLinks for an ingress gateway into sluice.yaml entries and annotations')
    .requiredOption('-f, --file <file>', 'Kubernetes objects: YAML, JSON, a directory, or - (repeatable)', collect, [])
    .option('-n, --namespace <name>', 'namespace of objects that name none', 'default')
    .option('--cluster <id>', 'the id this cluster has in sluice.yaml', 'cluster')
    .option('--device <name>', 'the device in sluice.yaml (repeatable)', collect, [])
    .addOption(new Option('--pool-member-type <type>', "CIS's own flag").choices(['nodeport', 'cluster']).default('nodeport'))
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  kubectl get cm,transportservers,ingresslinks -A -o yaml | sluice import cis -f -')
    .action((options: ImportOptions) => {
      const devices = options.device.length > 0 ? options.device : ['bigip'];
      const result = importCis(readManifests(options.file, options.namespace), { cluster: options.cluster, devices, members: options.poolMemberType === 'cluster' ? 'pods' : 'nodes' });
      print(options.output, result, () => text(result));
    });
  program.addCommand(new Command('import').description('take over what another controller was told').addCommand(cis));
}

function text({ ingresses, annotations, notCarried }: CisImport): string {
  const entries = ingresses.length === 0 ? '# nothing for sluice.yaml' : `# for sluice.yaml\n${stringify({ ingresses }).trimEnd()}`;
  const commands = annotations.map(({ object, annotations: wanted }) => annotate(object, wanted));
  const lost = notCarried.map((n) => [n.object, n.field, n.reason]);
  return [
    entries,
    commands.length === 0 ? '# no annotations' : `# annotations\n${commands.join('\n')}`,
    lost.length === 0 ? '# everything was carried over' : `# not carried over\n${columns(['OBJECT', 'FIELD', 'WHY'], lost).replaceAll(/^/gm, '# ')}`,
  ].join('\n\n');
}

/** `Kind namespace/name` and its annotations as the command that sets them. */
function annotate(object: string, annotations: Readonly<Record<string, string>>): string {
  const [kind = '', path = ''] = object.split(' ');
  const [namespace = '', name = ''] = path.split('/');
  const resource = kind === 'Gateway' ? 'gateways.networking.istio.io' : kind.toLowerCase();
  const words = Object.entries(annotations).map(([key, value]) => `'${key}=${value.replaceAll("'", String.raw`'\''`)}'`);
  return `kubectl -n ${namespace} annotate ${resource} ${name} ${words.join(' ')}`;
}
