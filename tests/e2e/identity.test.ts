/**
 * A cluster that signs its events, set up as a user would: `sluice keys new`, the lines that it
 * prints, `sluice doctor`, `sluice up`.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { serialiseEvent } from '../../shared/queue/envelope.ts';
import { CLUSTER_INVENTORY } from '../../shared/queue/events.ts';
import {
  converged,
  deadLetters,
  openPorts,
  parked,
  plant,
  virtualServers,
} from './support/looks.ts';
import { CLUSTER, startSite, VIRTUAL_ADDRESS, type Site } from './support/site.ts';
import { until } from './support/until.ts';

const LIMIT = 240_000;

let site: Site;
beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.stop());

async function withKeys(): Promise<void> {
  const made = site.launch(['keys', 'new', CLUSTER, '--dir', 'keys']);
  expect(await made.ended).toBe(0);
  const config = parse(await readFile(site.files.config, 'utf8')) as { clusters: object[] };
  config.clusters = [{ id: CLUSTER, ...(parse(made.stdout()) as object) }];
  await writeFile(site.files.config, stringify(config));
}

test(
  'Gateways are served, a forged event is parked, and a missing key recovers without a restart',
  async () => {
    await withKeys();
    const doctor = site.launch(['doctor', '--config', site.files.config, '-o', 'json']);
    expect(await doctor.ended).toBe(0);
    expect(JSON.parse(doctor.stdout())).toContainEqual(
      expect.objectContaining({
        what: `sign key of ${CLUSTER}`,
        ok: true,
        says: expect.stringContaining('one of its verify keys'),
      }),
    );

    const [key, elsewhere] = [
      join(site.dir, 'keys', `${CLUSTER}.pub`),
      join(site.dir, 'elsewhere'),
    ];
    await rename(key, elsewhere);
    await openPorts(site, 'echo', [{ port: 32_400 }]);
    const sluice = await site.up();
    await until(
      'the log says that the key is away',
      () => sluice.log().some(({ msg, code }) => msg === 'retry' && code === 'GW102'),
      () => sluice.stdout(),
    );
    expect(virtualServers(site)).toEqual([]);
    await rename(elsewhere, key);
    await converged(site, 'echo', 32_400, sluice);
    expect(await parked(site)).toEqual([]);

    const forged = {
      cluster: CLUSTER,
      clusterUid: 'made-up',
      revision: { epoch: 1, counter: 1 },
      ingresses: [],
    };
    plant(
      site,
      'snapshots',
      serialiseEvent(CLUSTER_INVENTORY, forged, {
        id: 'forged',
        cluster: CLUSTER,
        subject: CLUSTER,
        time: new Date(0).toISOString(),
      }),
      CLUSTER,
    );
    const [failure] = await deadLetters(site, 'snapshots', 1, sluice);
    expect(failure).toMatchObject({ code: 'OWN321' });
    expect(sluice.log()).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'dead letter', code: 'OWN321' }),
    );
    await openPorts(site, 'second', [{ port: 32_500 }]);
    await converged(site, 'second', 32_500, sluice);
    expect(virtualServers(site)).toEqual([
      `${VIRTUAL_ADDRESS}:32400/tcp`,
      `${VIRTUAL_ADDRESS}:32500/tcp`,
    ]);
    // Later events of the cluster do not close the failure.
    expect((await parked(site)).map(({ code, state, owner }) => ({ code, state, owner }))).toEqual([
      { code: 'OWN321', state: 'open' },
    ]);
    expect(await sluice.kill('SIGTERM')).toBe(0);
    expect(sluice.stderr()).toBe('');
    expect(sluice.stdout()).not.toContain('PRIVATE KEY');
  },
  LIMIT,
);
