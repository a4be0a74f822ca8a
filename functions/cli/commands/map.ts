/**
 * `sluice map`: what Istio does with these objects, by listener and server. Needs no cluster and no
 * queue.
 */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import { hasNotes, isObjectReached, mapObjects } from '../../../shared/operations/map/map.ts';
import type { ObjectMapping } from '../../../shared/operations/map/map.ts';
import type { ManifestOptions } from '../manifests/read-manifests.ts';
import { withManifests } from '../manifests/read-manifests.ts';
import { mapTables } from '../manifests/map-tables.ts';
import { pathLines } from '../plan/path-lines.ts';
import { meshOptions } from '../manifests/mesh-options.ts';
import { objectsIn } from '../manifests/objects.ts';
import type { PodOptions } from '../manifests/objects.ts';
import { addFoundConfigOption, findConfig } from '../terminal/found-config.ts';
import type { OutputFormat } from '../terminal/output.ts';
import {
  collectValues,
  formatOption,
  printData,
  printLine,
  printNote,
} from '../terminal/output.ts';

/** `config: false` is `--no-config`: no configuration is used, even if one is found. */
interface MapCommandOptions extends PodOptions, ManifestOptions {
  readonly config?: string | false;
  readonly cluster?: string;
  readonly meshOption?: readonly string[];
  readonly failOn: FailOn;
  readonly output: OutputFormat;
}

/** What ends the command with exit code 2. */
type FailOn = 'never' | 'unreached' | 'notes';

/** Adds the command. */
export function registerMap(program: Command): void {
  addFoundConfigOption(
    withManifests(
      program
        .command('map')
        .description(
          'show for each server of each Gateway whether and where Envoy listens, ' +
            'or why not; reads files, needs no cluster',
        ),
    ),
    'sluice.yaml: also shows the exposures, and applies settings, policy and mesh options',
  )
    .option(
      '--cluster <id>',
      'cluster that the files come from, one of clusters[].id (default: the only one)',
    )
    .option('--pod-labels <k=v,…>', 'labels of the gateway pods, if the files contain no Pods')
    .option('--pod-namespace <name>', 'namespace of those pods')
    .option(
      '--mesh-option <name=value>',
      'a mesh option, such as scopeGatewayToNamespace=true (repeatable)',
      collectValues,
    )
    .addOption(
      new Option(
        '--fail-on <what>',
        'exit with 2 if a server is not reached, or also if there is a note',
      )
        .choices(['never', 'unreached', 'notes'])
        .default('unreached'),
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 all servers are reached, 1 error, ' +
        '2 a server is not (or as --fail-on says).\n\nExamples:\n' +
        '  kubectl get gateways.networking.istio.io,vs,svc,po -A -o yaml | sluice map -f -\n' +
        '  sluice map -f manifests/ --pod-labels istio=ingressgateway --pod-namespace ' +
        'istio-system',
    )
    .action(map);
}

/** Notes go to standard error, so that standard output stays data. */
async function map(options: MapCommandOptions): Promise<void> {
  const { found, note: said } = await findConfig(options, {
    env: process.env,
    cwd: process.cwd(),
  });
  if (said !== undefined) printLine(`note: ${said}`);
  const mapping = mapObjects({
    objects: objectsIn(options),
    mesh: meshOptions(found?.cluster.mesh, options.meshOption ?? []),
    configured: found && { config: found.config, clusterId: found.cluster.id },
  });
  printNotes(mapping);
  const { ingresses, exposures, paths } = mapping;
  const data = { ingresses: ingresses.map(shape), exposures, ...(paths.length > 0 && { paths }) };
  printData(options.output, data, () => {
    const tables = mapTables(ingresses, found === undefined ? undefined : exposures);
    const lines = pathLines(paths);
    return lines.length === 0 ? tables : `${tables}\n\nPaths\n\n${lines.join('\n')}`;
  });
  if (process.exitCode !== 1 && failsOn(options.failOn, mapping)) process.exitCode = 2;
}

/** Absent ingresses, and what the mapping says about objects. */
function printNotes({ ingresses, notes, absent }: ObjectMapping): void {
  for (const service of absent)
    printLine(
      `note: Service ${service}, a configured ingress, is not in these files: nothing is exposed for it`,
    );
  for (const note of notes) printNote(note);
  for (const note of ingresses.flatMap((ingress) => ingress.notes ?? []))
    printLine(`note: Gateway ${note.gateway}: ${note.message} (${note.code})`);
}

/** A server without a listener or route counts as not reached; notes are less serious. */
function failsOn(what: FailOn, mapping: ObjectMapping): boolean {
  switch (what) {
    case 'never':
      return false;
    case 'unreached':
      return !isObjectReached(mapping);
    case 'notes':
      return !isObjectReached(mapping) || hasNotes(mapping);
  }
}

/** The documented JSON; the reasons contain the Service ports to add. */
function shape({ namespace, services, pods, listeners, servers }: PortMapping): object {
  return { namespace, services, pods, listeners, servers };
}
