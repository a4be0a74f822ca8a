/**
 * `npm run bench`: figures for people, read as ratios within one run. Names on the command line
 * choose some of them.
 */
import { benchApply } from './apply.ts';
import { benchBundles } from './bundles.ts';
import { benchExpress } from './express.ts';
import { benchFailures } from './failures.ts';
import { benchFleet } from './fleet.ts';
import { benchIdentity } from './identity.ts';
import { benchMapping } from './mapping.ts';
import { benchPipeline } from './pipeline.ts';
import { benchWatch } from './watch.ts';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  apply: benchApply,
  bundles: benchBundles,
  failures: benchFailures,
  express: benchExpress,
  fleet: benchFleet,
  identity: benchIdentity,
  mapping: benchMapping,
  pipeline: benchPipeline,
  watch: benchWatch,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(
    `bench: no ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exit(1);
}
for (const [name, bench] of Object.entries(BENCHES))
  if (wanted.length === 0 || wanted.includes(name)) await bench();
