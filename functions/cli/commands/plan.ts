/**
 * `sluice plan`: the AS3 declaration for these objects, or with --device the changes on the device.
 * Writes nothing.
 */
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import { awsRegion, createSecrets } from '../../../shared/config/secrets.ts';
import { cniObjectsOf } from '../../../shared/domain/paths/network-config.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { chooseCluster, ingressNamespaces } from '../../../shared/operations/clusters/clusters.ts';
import { overlayObjects } from '../../../shared/operations/objects/overlay.ts';
import { readCluster } from '../../../shared/operations/objects/read-cluster.ts';
import type { ReadClusterOptions } from '../../../shared/operations/objects/read-cluster.ts';
import { differs, planObjects, summarise } from '../../../shared/operations/plan/plan.ts';
import type { ObjectPlan } from '../../../shared/operations/plan/plan.ts';
import { absentText, summaryText } from '../../../shared/operations/plan/words.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { addConfigOption } from '../terminal/context.ts';
import type { ManifestOptions } from '../manifests/read-manifests.ts';
import { withManifests } from '../manifests/read-manifests.ts';
import { meshOptions } from '../manifests/mesh-options.ts';
import { objectsIn } from '../manifests/objects.ts';
import { pathChangeLines, pathLines } from '../plan/path-lines.ts';
import { planText } from '../plan/tables.ts';
import type { OutputFormat } from '../terminal/output.ts';
import {
  collectValues,
  formatOption,
  printData,
  printLine,
  printNote,
} from '../terminal/output.ts';

/** With `device`, the devices are read; otherwise the plan is made for empty ones. */
interface PlanOptions extends ManifestOptions {
  readonly config: string;
  readonly cluster?: string;
  readonly kubeconfig?: string;
  readonly device: boolean;
  readonly meshOption?: readonly string[];
  readonly output: OutputFormat;
}

/** Adds the command. */
export function registerPlan(program: Command): void {
  addConfigOption(
    withManifests(
      program
        .command('plan')
        .description(
          'print the AS3 declaration for these files, or with --device the changes on the device; writes nothing',
        ),
    ),
  )
    .option(
      '--cluster <id>',
      'cluster that the files come from, one of clusters[].id (default: the only one)',
    )
    .option(
      '--mesh-option <name=value>',
      'a mesh option, such as scopeGatewayToNamespace=true (repeatable)',
      collectValues,
    )
    .option(
      '-k, --kubeconfig <file>',
      'plan the files as a change to the cluster of this kubeconfig, not as its complete state',
    )
    .option('--device', 'read the declarations of the devices and print the differences', false)
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nThe files must contain all objects except pool members: ' +
        'without Pods (or Nodes) in the files, members stay as on the device.\n' +
        'Exit code: 0 no difference, 1 error, 2 difference (with --device).\n\nExample:\n' +
        '  sluice plan -f manifests/ --config sluice.yaml --device',
    )
    .action(plan);
}

/**
 * Without `--device`, a table cannot show declarations, so they are printed as JSON. Notes and the
 * summary go to standard error, so that the declarations can be piped.
 */
async function plan(options: PlanOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env);
  const cluster = chooseCluster(config, options.cluster);
  const mesh = meshOptions(cluster.mesh, options.meshOption ?? []);
  const planned = await planObjects(
    {
      config,
      secrets: createSecrets({ env: process.env, region: awsRegion(config) }),
      clock: processClock,
    },
    {
      objects: await objectsOf(options, {
        mesh,
        fallback: ingressNamespaces(config, cluster.id),
        network: cniObjectsOf(cluster.network),
      }),
      clusterId: cluster.id,
      mesh,
      ask: options.device,
    },
  );
  printNotes(planned);
  if (!options.device) {
    printAddressNotes(planned);
    for (const line of pathsOf(planned)) printLine(line);
    printLine(`On empty devices: ${summaryText(summarise(planned.changes))}`);
    const format = options.output === 'table' ? 'json' : options.output;
    return printData(format, planned.declarations, () => '');
  }
  const { changes, paths, pathChanges, declarations } = planned;
  const data = {
    changes,
    ...(paths.length > 0 && { paths }),
    ...(pathChanges.length > 0 && { pathChanges }),
    declarations,
  };
  printData(options.output, data, () => planText(changes, pathChangeLines(pathChanges)));
  if (process.exitCode !== 1 && differs(planned)) process.exitCode = 2;
}

/** Empty unless Sluice keeps paths to the pods. */
function pathsOf({ paths }: ObjectPlan): readonly string[] {
  return paths.flatMap((one) => pathLines(one.paths, one));
}

/**
 * With a kubeconfig, the files are changes to that cluster; without one, they are the complete
 * state.
 */
async function objectsOf(
  options: PlanOptions,
  reading: Pick<ReadClusterOptions, 'mesh' | 'fallback' | 'network'>,
): Promise<KubernetesObjects> {
  const files = objectsIn(options);
  if (options.kubeconfig === undefined) return files;
  const { objects, notes } = await readCluster(options.kubeconfig, reading);
  for (const note of notes) printLine(`note: ${note}`);
  return overlayObjects(objects, files);
}

/** Ingresses without a plan, unknown members, refused servers, and notes on annotations. */
function printNotes({ ingresses, absent }: ObjectPlan): void {
  for (const service of absent) printLine(absentText(service));
  for (const { built, blind, ref } of ingresses) {
    if (blind)
      printLine(
        `note: no pool members for Service ${ref.namespace}/${ref.service} in these files; ` +
          'the cluster provides them',
      );
    for (const s of built.servers.filter((server) => server.verdict !== 'listening'))
      printLine(`not exposed: ${s.gateway} port ${s.port}: ${s.reason} (${s.code})`);
    for (const note of built.notes) printNote(note);
  }
}

/** Only the device knows which addresses are free. */
function printAddressNotes({ ingresses }: ObjectPlan): void {
  for (const { ref, built } of ingresses) {
    const pools = Object.keys(built.auto?.pools ?? {}).join(', ');
    if (pools !== '')
      printLine(
        `note: Service ${ref.namespace}/${ref.service}: ` +
          `its address from pool ${pools} is the one it would get on an empty device; ` +
          '--device shows the real one',
      );
  }
}
