/** `npm run bench`: figures for people, read as ratios within one run; see docs/bench.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename } from 'node:path';
import { parseBenchArguments, type BenchArguments } from './arguments.ts';
import { benchBundles } from './bundles.ts';
import { benchConsole } from './console.ts';
import { benchFailures } from './failures.ts';
import { benchFleet } from './fleet.ts';
import { benchPaths } from './fleet/paths.ts';
import { benchIdentity } from './identity.ts';
import { benchMapping } from './mapping.ts';
import { benchQueue } from './queue.ts';
import { readPeer, type PeerFile } from './peer.ts';
import { benchPipeline } from './pipeline.ts';
import { benchPoison } from './poison.ts';
import { fileOf, speedTable, type Measured } from './report.ts';
import { FULL, QUICK, type Row } from './speed/figures.ts';
import { ROWS } from './speed/rows.ts';
import { benchWatch } from './watch.ts';

/** Measurements with their own tables, and their duration in seconds (approximate). */
interface Extra {
  readonly seconds: number;
  readonly run: (quick: boolean) => Promise<void>;
  /** Runs only if it is named, because it takes long. */
  readonly asked?: true;
}

const EXTRAS: Readonly<Record<string, Extra>> = {
  mapping: { seconds: 15, run: benchMapping },
  bundles: { seconds: 10, run: benchBundles },
  identity: { seconds: 10, run: benchIdentity },
  pipeline: { seconds: 10, run: benchPipeline },
  console: { seconds: 60, run: benchConsole, asked: true },
  failures: { seconds: 60, run: benchFailures, asked: true },
  poison: { seconds: 180, run: benchPoison, asked: true },
  fleet: { seconds: 900, run: benchFleet, asked: true },
  paths: { seconds: 120, run: benchPaths, asked: true },
  queue: { seconds: 120, run: benchQueue, asked: true },
  watch: { seconds: 480, run: benchWatch, asked: true },
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const names = [...ROWS.map(({ id }) => id), ...Object.keys(EXTRAS)];
  const asked = parseBenchArguments(process.argv.slice(2), names);
  if ('refused' in asked) {
    say(`bench: ${asked.refused}`);
    return 1;
  }
  if (asked.list) {
    process.stdout.write(`${names.join('\n')}\n`);
    return 0;
  }
  const peers = asked.peers.map(readPeer);
  if (asked.profile !== undefined) mkdirSync(asked.profile, { recursive: true });
  const scale = asked.quick ? QUICK : FULL;
  const rows = ROWS.filter(({ id }) => asked.only.length === 0 || asked.only.includes(id));
  const extras = Object.entries(EXTRAS).filter(([name, extra]) =>
    asked.only.length === 0 ? !asked.quick && extra.asked !== true : asked.only.includes(name),
  );
  const seconds =
    rows.reduce((sum, row) => sum + row.seconds(scale), 0) +
    extras.reduce((sum, [, extra]) => sum + extra.seconds, 0);
  say(`bench: about ${Math.ceil(seconds / 60)} min; load ${load()}`);
  const measured = await measureRows(rows, asked);
  if (rows.length > 0) print(measured, peers, asked);
  for (const [, extra] of extras) await extra.run(asked.quick);
  say(`bench: load ${load()}`);
  return measured.some(({ failed }) => failed !== undefined) ? 1 : 0;
}

function load(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
}

/** One after the other; a row that fails does not stop the others. */
async function measureRows(
  rows: readonly Row[],
  { quick, profile }: BenchArguments,
): Promise<readonly Measured[]> {
  const scale = quick ? QUICK : FULL;
  const measured: Measured[] = [];
  for (const row of rows) {
    const began = performance.now();
    const result = await row.run(scale, { profile }).then(
      (figures): Measured => ({ row, figures }),
      (error: unknown): Measured => ({ row, figures: [], failed: String(error) }),
    );
    measured.push(result);
    const took = ((performance.now() - began) / 1_000).toFixed(0);
    say(`${row.id}: ${took} s, load ${load()}`);
    for (const { what, value, unit } of result.figures) say(`  ${what}: ${value} ${unit}`);
    if (result.failed !== undefined) say(`  failed: ${result.failed}`);
  }
  return measured;
}

function print(
  measured: readonly Measured[],
  peers: readonly PeerFile[],
  { quick, save }: BenchArguments,
): void {
  const scale = quick ? QUICK : FULL;
  process.stdout.write(`\n${speedTable(measured, peers, scale).join('\n')}\n`);
  if (quick && peers.length > 0)
    process.stdout.write('--quick has another scale than the figures of a full run.\n');
  if (save === undefined) return;
  const about = `npm run bench${quick ? ' -- --quick' : ''}, Node ${process.versions.node}`;
  const file = fileOf(basename(save, '.json'), about, measured);
  writeFileSync(save, `${JSON.stringify(file, undefined, 2)}\n`);
}

process.exitCode = await main().catch((error: unknown) => {
  say(`bench: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
