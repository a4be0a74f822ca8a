/**
 * `npm run demo`: the whole pipeline, played and checked; `npm run demo -- fleet`: the same with
 * several clusters; `-- network`: paths from BIG-IP to pods; `-- tls`: the services of BIG-IP in
 * front of the mesh.
 */
import { processClock } from '../../../shared/runtime/process.ts';
import { startLab } from '../lab.ts';
import { type ArgumentsRefused, type LabArguments, parseLabArguments } from './arguments.ts';
import { DemoFailure } from './check.ts';
import { FLEET_CLUSTERS } from './fleet/landscape.ts';
import { playFleet } from './fleet/play.ts';
import { play } from './play.ts';
import { NETWORK_CLUSTERS } from './network/landscape.ts';
import { playNetwork } from './network/play.ts';
import { createSay } from './say.ts';
import { SERVICES } from './tls/landscape.ts';
import { playTls } from './tls/play.ts';

const clock = processClock;
const say = createSay(
  (text) => process.stdout.write(text),
  process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
);

function explain(error: unknown): readonly string[] {
  if (error instanceof DemoFailure) return error.explanation;
  return [
    'the demo failed with an unexpected error',
    `  seen:          ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  ];
}

/** A demo by its name on the command line, with what its lab has. */
const DEMOS = {
  fleet: { play: playFleet, lab: { clusters: FLEET_CLUSTERS } },
  network: { play: playNetwork, lab: { clusters: NETWORK_CLUSTERS } },
  tls: { play: playTls, lab: { services: SERVICES } },
} as const;

function isNamed(name: string | undefined): name is keyof typeof DEMOS {
  return name !== undefined && Object.hasOwn(DEMOS, name);
}

/** What to play in which lab, or why not. */
function readArguments(argv: readonly string[]):
  | {
      readonly demo: (typeof DEMOS)[keyof typeof DEMOS] | undefined;
      readonly options: LabArguments;
    }
  | ArgumentsRefused {
  const [name] = argv;
  const demo = isNamed(name) ? DEMOS[name] : undefined;
  if (name !== undefined && demo === undefined && !name.startsWith('-'))
    return {
      refused: `There is no demo ${name}. Known: ${Object.keys(DEMOS).join(', ')}, and one without a name.`,
    };
  const options = parseLabArguments(demo === undefined ? argv : argv.slice(1));
  if ('refused' in options) return options;
  return demo !== undefined && (options.members !== 'pods' || options.like !== undefined)
    ? { refused: `The demo ${name} uses its own lab: omit --members and --like.` }
    : { demo, options };
}

async function run(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv);
  if ('refused' in read) {
    say.failed([read.refused]);
    return 2;
  }
  const { demo, options } = read;
  const start = clock.now();
  const lab = await startLab({ ...options, ...demo?.lab });
  try {
    const passed = await (demo?.play ?? play)(lab, say, clock);
    await lab.stop();
    say.title(`\ndemo: ${passed} checks passed in ${((clock.now() - start) / 1000).toFixed(1)} s`);
    return 0;
  } catch (error) {
    say.failed([
      ...explain(error),
      `  kept for you:  ${lab.files.dir} (sluice.log, sluice.yaml, kubeconfig)`,
    ]);
    await lab.stop({ keepFiles: true });
    return 1;
  }
}

// Anything that is still open after the lab has stopped must not keep the process running.
process.exit(
  await run(process.argv.slice(2)).catch((error: unknown) => {
    say.failed(explain(error));
    return 1;
  }),
);
