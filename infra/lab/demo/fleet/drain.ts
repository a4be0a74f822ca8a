import { hold, type HeldConnection } from './held.ts';
import {
  aWhile,
  checkAnswered,
  membersOf,
  PORT,
  quietly,
  traffic,
  type FleetScene,
} from './scene.ts';
import { inWords } from './traffic.ts';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lab } from '../../lab.ts';
import { ROOT } from '../../queue/queue.ts';

/** Long connections; BIG-IP distributes them over the pool, so each cluster has some. */
const HELD_CONNECTIONS = 8;
const WHY = 'kernel update';

/** Open connections end by themselves; new ones go elsewhere. */
export async function drainsCluster(scene: FleetScene): Promise<void> {
  const { checks, say, lab } = scene;
  checks.step(
    'A cluster is drained for maintenance: no connection is cut, and new ones go to the other clusters',
  );
  const held: HeldConnection[] = [];
  try {
    for (let i = 0; i < HELD_CONNECTIONS; i += 1) held.push(await hold(lab.virtualAddress, PORT));
    const mine = held.filter(({ cluster }) => cluster === 'west').length;
    say.why(
      `${HELD_CONNECTIONS} long connections are open, ${mine} of them to west. sluice ` +
        `cluster drain west --why "${WHY}"`,
    );
    const running = traffic(scene);
    await sluice(lab, ['cluster', 'drain', 'west', '--why', WHY]);
    await checkEnabled(scene, false);
    const drained = scene.clock.now();
    await quietly(scene, running);
    const requests = await running.stop();
    await checkAnswered(scene, requests, ['east', 'west']);
    const later = requests.filter(({ begun }) => begun > drained);
    say.lines([`${later.length} of these requests began after the drain: ${inWords(later)}`]);
    await checkAnswered(scene, later, ['east']);
    await checkHeld(scene, held, mine);
    say.why(`sluice cluster enable west --why "${WHY} is done"`);
    await sluice(lab, ['cluster', 'enable', 'west', '--why', `${WHY} is done`]);
    await checkEnabled(scene, true);
    await checkAnswered(scene, await aWhile(scene), ['east', 'west']);
    await checkHeld(scene, held, mine);
  } finally {
    for (const connection of held) connection.close();
  }
}

async function checkEnabled(scene: FleetScene, enabled: boolean): Promise<void> {
  const said = enabled
    ? 'accept new connections again'
    : 'accept no new connections, and stay in the pool';
  await scene.checks.check({
    expected: `the members of west ${said}`,
    where: `sluice cluster list -c ${scene.lab.files.config}, and ${scene.lab.files.log} (apply's lines)`,
    see: () => {
      const members = membersOf(scene, 'west');
      const wrong = members.filter((one) => one.enabled !== enabled);
      if (members.length === 0) return { instead: 'west has no member' };
      return wrong.length === 0
        ? { ok: true, say: `the ${members.length} members of west ${said}` }
        : { instead: wrong.map(({ member, state }) => `${member} ${state}`).join(', ') };
    },
  });
}

async function checkHeld(
  scene: FleetScene,
  held: readonly HeldConnection[],
  mine: number,
): Promise<void> {
  const answers = await Promise.all(
    held.map(async (connection) => ({ was: connection.cluster, is: await connection.ask() })),
  );
  const wrong = answers.filter(({ was, is }) => was !== is);
  await scene.checks.check({
    expected:
      `each of the ${HELD_CONNECTIONS} long connections, some of them to west, is still ` +
      'answered by the cluster it began with',
    where: `${scene.lab.files.log} (apply's lines)`,
    within: 0,
    see: () => {
      if (mine === 0) return { instead: 'none of them went to west' };
      return wrong.length === 0
        ? {
            ok: true,
            say: `all ${HELD_CONNECTIONS} long connections are still open, each to its first cluster: ${mine} to west`,
          }
        : { instead: wrong.map(({ was, is }) => `${was} before, now ${is ?? 'cut'}`).join('; ') };
    },
  });
}

const run = promisify(execFile);
const SLUICE = join(ROOT, 'dist', 'cli', 'sluice.mjs');

/** Resolves with its output. Rejects with that if the exit code is not 0, or the expected one. */
export async function sluice(
  { files, environment }: Pick<Lab, 'files' | 'environment'>,
  args: readonly string[],
  expected = 0,
): Promise<string> {
  const asked = [SLUICE, ...args, '-c', files.config, '--yes'];
  const env = { ...process.env, ...environment };
  try {
    const { stdout } = await run(process.execPath, asked, { env });
    return stdout;
  } catch (error) {
    const { code, stdout } = error as { readonly code?: unknown; readonly stdout?: unknown };
    if (expected === 0 || code !== expected) throw error;
    return String(stdout);
  }
}
