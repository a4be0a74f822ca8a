/** `sluice trace CLUSTER/NAMESPACE/GATEWAY`: the stations of its newest events, with times. */
import type { Command } from 'commander';
import { parseGatewayName, traceGateway } from '../../../shared/operations/trace/trace.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData } from '../terminal/output.ts';
import { traceTable } from '../trace/tables.ts';

/** Adds the command. */
export function registerTrace(program: Command): void {
  addConfigOption(program.command('trace <gateway>'))
    .description(
      'CLUSTER/NAMESPACE/GATEWAY: when it was seen, queued, mapped, tried, parked and replayed, and what is declared now',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 declared and no open failure, 1 error, ' +
        '2 open failures or no information.\n\nExample:\n' +
        '  sluice trace -c sluice.yaml east/team/web',
    )
    .action(trace);
}

/** Exit code 2 if there is an open failure, if a device did not answer, or if nothing is known. */
async function trace(
  name: string,
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  const wanted = parseGatewayName(name);
  await withContext(options, async (context) => {
    const { stations, open, unanswered } = await traceGateway(context, wanted);
    printData(options.output, stations, () =>
      stations.length === 0
        ? visible(
            `No information about ${name}: no device declares it, and it has no failures. ` +
              `"sluice why ${wanted.gateway}" queries the cluster.`,
          )
        : traceTable(stations),
    );
    if (stations.length === 0 || unanswered > 0 || open > 0) process.exitCode = 2;
  });
}
