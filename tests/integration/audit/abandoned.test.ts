/**
 * A partition that is no longer configured: nothing updates what is declared there, so it must be
 * reported. Seen red without the search for such partitions, without the check which clusters they
 * serve, and without the check of the names of their virtual servers.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AuditFinding } from '../../../shared/device/finding.ts';
import { auditDevice } from '../../../shared/device/audit.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import {
  closeAll,
  connect,
  declare,
  lab,
  recordRequests,
  wanted,
} from '../../contract/bigip/support.ts';
import { call } from '../lab-bigip/client.ts';
import type { Heard } from '../../../shared/domain/steering/silence.ts';
import { NOTHING_HEARD } from '../../../shared/domain/steering/silence.ts';
import { bench } from './support.ts';

afterEach(closeAll);

/** `k8s` is no longer configured, `other` is. */
const NETWORKS = { partition: 'sluice-net', tunnels: {} };
const NOW = { name: 'bigip-1', partitions: ['other'], networks: NETWORKS };

const NOTHING = (): Promise<Heard> => Promise.resolve(NOTHING_HEARD);

async function audited(bigip: LabBigip): Promise<readonly AuditFinding[]> {
  const { findings } = await auditDevice(
    {
      device: connect(bigip, { config: NOW }),
      config: bench([bigip]).runtime.config,
      clock: processClock,
      heard: NOTHING,
    },
    NOW,
  );
  return findings;
}

describe('a partition that was taken out of devices[].partitions', () => {
  test('is reported with what it still serves, and with a remedy', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    expect(await audited(bigip)).toEqual([
      {
        device: 'bigip-1',
        partition: 'k8s',
        kind: 'abandoned',
        code: 'BIP456',
        object: '/k8s',
        message: expect.stringMatching(
          /172\.16\.100\.195:32400\/tcp.*devices\[\]\.partitions of bigip-1/,
        ),
        repairable: false,
      },
    ]);
  });

  test('is not reported by a Sluice of other clusters, which may own it', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    const others = bench([bigip], { clusters: ['north'] }).runtime.config;
    expect(
      await auditDevice(
        {
          device: connect(bigip, { config: NOW }),
          config: others,
          clock: processClock,
          heard: NOTHING,
        },
        NOW,
      ),
    ).toEqual({ findings: [] });
  });

  test('is no longer reported once it is configured again', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    expect(
      await auditDevice(
        {
          device: connect(bigip),
          config: bench([bigip]).runtime.config,
          clock: processClock,
          heard: NOTHING,
        },
        { name: 'bigip-1', partitions: ['k8s'], networks: NETWORKS },
      ),
    ).toEqual({ findings: [] });
  });
});

describe('partitions of others', () => {
  test('need no additional requests, and are not reported', async () => {
    const bigip = await lab();
    for (const name of ['by-hand', 'web'])
      expect(
        (
          await call(bigip, 'POST', '/mgmt/tm/ltm/virtual', {
            body: {
              name,
              partition: 'Common',
              destination: `/Common/192.0.2.${name.length}:80`,
              ipProtocol: 'tcp',
              mask: '255.255.255.255',
            },
          })
        ).status,
      ).toBe(200);
    const seen = recordRequests(bigip);
    expect(await audited(bigip)).toEqual([]);
    expect(seen.filter(({ path }) => path.includes('declare/Common'))).toEqual([]);
  });
});
