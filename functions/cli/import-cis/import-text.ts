/** Text output of `sluice import cis`: entries for sluice.yaml, and commands. */
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { formatTable, yamlOf } from '../terminal/output.ts';

/** Whether no object of CIS was found. */
export function isNothing({ ingresses, notCarried }: CisImport): boolean {
  return ingresses.length === 0 && notCarried.length === 0;
}

/** Everything that the migration needs, in the order in which to do it. */
export function importText(result: CisImport): string {
  if (isNothing(result)) return 'No object of F5 CIS in these files.';
  const commands = [...result.gateways.map(gatewayCommand), ...unplacedCommands(result)].filter(
    (text) => text !== undefined,
  );
  return [entriesText(result), ...stayText(result, commands), ...commands, restText(result)].join(
    '\n\n',
  );
}

/** The YAML for sluice.yaml, with comments about what is still missing in it. */
function entriesText({ ingresses, serviceBundles, needs, gateways }: CisImport): string {
  if (ingresses.length === 0) return '# nothing for sluice.yaml';
  const { references, partitions, pools } = needs;
  const policy = references.length === 0 ? {} : { policy: { references } };
  const bundles = serviceBundles.length === 0 ? {} : { serviceBundles };
  const devices = [...new Set(ingresses.flatMap((one) => one.devices))].join(', ');
  const addressed = gateways.some(({ annotations }) => annotations['sluice.io/virtual-address']);
  const unknown = ingresses.filter((one) => one.virtualAddress === undefined && !addressed);
  return [
    '# for sluice.yaml; each Service must belong to an Istio ingress gateway (--service leaves the others out)',
    yamlOf({ ingresses, ...bundles, ...policy }).trimEnd(),
    ...(partitions.length === 0
      ? []
      : [`# devices[].partitions of ${devices} must contain: ${partitions.join(', ')}`]),
    ...pools.map(
      (pool) =>
        `# addressPools must have a pool ${pool}, with the ranges of that label in F5's IPAM controller`,
    ),
    ...unknown.map(
      ({ service }) => `# no address is known for ${service}: name one in virtualAddress`,
    ),
  ]
    .map((line) => (line.startsWith('#') ? visible(line) : line))
    .join('\n');
}

/**
 * Says that the F5 ConfigMaps may stay. It is omitted if there is nothing to choose: no ConfigMaps,
 * or no commands that would replace them.
 */
function stayText(
  { staying, ingresses }: CisImport,
  commands: readonly string[],
): readonly string[] {
  const maps = staying.filter((object) => object.startsWith('ConfigMap '));
  if (maps.length === 0 || commands.length === 0) return [];
  const annotated = ingresses.some(({ expose }) => expose === 'annotated');
  const needed = annotated
    ? 'then of their annotations only sluice.io/expose is needed'
    : 'and then needs no annotations for them';
  return [visible(`# You can also keep the F5 ConfigMaps: Sluice reads them, ${needed}.`)];
}

/** The table of what was not converted, as comments of the YAML. */
function restText({ notCarried }: CisImport): string {
  if (notCarried.length === 0) return '# everything was converted';
  const lost = notCarried.map((n) => [n.object, n.field, n.reason]);
  return `# not converted\n${formatTable(['OBJECT', 'FIELD', 'WHY'], lost).replaceAll(/^/gm, '# ')}`;
}

/** Full names, because both APIs have a resource named `gateways`. */
const RESOURCES = {
  istio: 'gateways.networking.istio.io',
  'gateway-api': 'gateways.gateway.networking.k8s.io',
} as const;

/** The `kubectl annotate` command for one Gateway. */
function gatewayCommand({
  api,
  gateway,
  ports,
  objects,
  annotations,
}: CisImport['gateways'][number]): string {
  const at = gateway.indexOf('/');
  const [namespace, name] = [gateway.slice(0, at), gateway.slice(at + 1)];
  const heading = visible(
    `# Gateway ${gateway}, port${ports.length === 1 ? '' : 's'} ${ports.join(', ')}: ${objects.join(', ')}`,
  );
  return Object.keys(annotations).length === 0
    ? `${heading} (needs no annotation)`
    : `${heading}\n${command({ resource: RESOURCES[api], namespace, name }, annotations)}`;
}

/** If the Gateway is not among the files, its name is a placeholder. */
function unplacedCommands({ annotations, unplaced }: CisImport): readonly string[] {
  return annotations
    .filter(({ object }) => unplaced.includes(object))
    .map(({ object, annotations: said }) => {
      const open = { resource: RESOURCES.istio, namespace: 'NAMESPACE', name: 'NAME' };
      return (
        `${visible(`# for the ${object} (not in these files: replace NAMESPACE and NAME)`)}\n` +
        command(open, said)
      );
    });
}

/** Namespace, name and annotations come from files, so they are quoted for the shell. */
function command(
  { resource, namespace, name }: Readonly<Record<'resource' | 'namespace' | 'name', string>>,
  annotations: Readonly<Record<string, string>>,
): string {
  const words = Object.entries(annotations).map(([key, value]) => quoted(`${key}=${value}`));
  return `kubectl -n ${word(namespace)} annotate ${resource} ${word(name)} ${words.join(' ')}`;
}

/** In single quotes, in which the shell interprets nothing. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Valid Kubernetes names need no quotes, but a file may contain invalid ones. */
function word(text: string): string {
  return /^[A-Za-z0-9.-]+$/.test(text) && !text.startsWith('-') ? text : quoted(text);
}
