/** `npm run soak`: the whole stack for as long as one likes, with a drawn report; see docs/soak.md. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingPostgres } from '../fixtures/postgres/process.ts';
import { parseSoakArguments, type RunArguments } from './arguments.ts';
import { createRecorder } from './record.ts';
import { writeReport } from './report/write.ts';
import { runSoak } from './run.ts';
import { scheduleLines, scheduleOf } from './schedule.ts';
import { startSite } from './site.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const asked = parseSoakArguments(process.argv.slice(2), randomInt(1_000_000));
  if ('refused' in asked) {
    say(`soak: ${asked.refused}`);
    return 1;
  }
  const folder = 'report' in asked ? asked.report : await soak(asked);
  const { lines, holds } = writeReport(folder);
  process.stdout.write(`${lines.join('\n')}\n`);
  return holds ? 0 : 1;
}

/** Returns the folder of the run. */
async function soak({ seconds, seed, queue, out }: RunArguments): Promise<string> {
  if (queue === 'postgres' && missingPostgres !== undefined) throw new Error(missingPostgres);
  const folder = out ?? mkdtempSync(join(tmpdir(), 'sluice-soak-'));
  const recorder = createRecorder(folder);
  const schedule = scheduleOf({ seed, seconds, queue });
  writeFileSync(join(folder, 'schedule.txt'), `${scheduleLines(schedule).join('\n')}\n`);
  say(`soak: ${seconds} s, --seed ${seed} --queue ${queue}, in ${folder}`);
  const site = await startSite(join(folder, 'site'), queue);
  // Otherwise its processes would live on.
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void site.close().finally(() => process.exit(130)));
  try {
    recorder.summary(await runSoak({ site, schedule, recorder, say }));
  } finally {
    await site.close();
  }
  return folder;
}

process.exitCode = await main().catch((error: unknown) => {
  say(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
});
