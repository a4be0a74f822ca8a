/** `sluice doctor` with one fault at a time: a BIG-IP over HTTPS, queues over SQS's wire. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import type { DoctorFinding } from '../../../shared/operations/doctor/finding.ts';
import { runDoctor } from '../../../shared/operations/doctor/doctor.ts';
import { settingsChecks } from '../../../shared/operations/doctor/queue-checks.ts';
import {
  createQueuesOn,
  startLocalSqs,
  type LocalSqs,
  type QueueDefinition,
} from '../../../infra/lab/host/sqs.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { partitionsFromDevices } from '../../../shared/operations/devices/declared-partitions.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createSettingsReader } from '../../../shared/queue/sqs/settings.ts';
import { createSqsQueues } from '../../../shared/queue/sqs/queues.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { closeAll, connect, declare, lab, wanted } from '../../contract/bigip/support.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

afterEach(closeAll);

/** Each row names the check without which it is red. */
const ingresses = [
  {
    cluster: 'east',
    service: 'istio-system/istio-ingressgateway',
    devices: ['bigip-1'],
    virtualAddress: '10.0.0.1',
  },
];

function inputOf(
  bigip: LabBigip,
  over: Partial<Runtime> & { readonly password?: string } = {},
): Parameters<typeof runDoctor>[0] {
  const { password = bigip.password, ...rest } = over;
  const config = SluiceConfig.parse({
    generation: 3,
    devices: [
      {
        name: 'bigip-1',
        url: bigip.url,
        username: bigip.username,
        password: 'env:P',
        tls: { ca: 'env:CA' },
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east' }],
    ingresses,
  });
  const clock = processClock;
  const queues = createSqliteQueues({ path: ':memory:', clock, id: randomUUID });
  const runtime = runtimeWith({
    config,
    secrets: { resolve: async (name) => (name === 'env:CA' ? bigip.ca : password) },
    queues,
    clock,
    ...rest,
  });
  const readPartitions = partitionsFromDevices(runtime);
  const context = { ...failuresOver(memoryBlobs(), runtime), runtime, readPartitions };
  return { context, config: 'sluice.yaml' };
}
const bad = (findings: readonly DoctorFinding[]): string[] =>
  findings.filter((f) => !f.ok).map((f) => `${f.what}: ${describeFinding(f)}`);

describe('sluice doctor', () => {
  test('if all is well, everything in the configuration is listed, with version, unit and clock', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    const findings = await runDoctor(inputOf(bigip));
    expect(bad(findings)).toEqual([]);
    const says = new Map(findings.map((f) => [f.what, f.says]));
    expect(says.get('device bigip-1, partition k8s')).toMatch(
      /^\S+ is active with AS3 3\.\d+\.\d+; 1 exposure of 1 owner/,
    );
    expect(says.get('clock of device bigip-1')).toMatch(
      /the same as here|\d s (ahead of|behind) this host/,
    );
    expect(says.get('cluster id east')).toContain('one cluster uses it');
    expect([...says.keys()]).toEqual(
      expect.arrayContaining([
        'configuration',
        'secret env:P',
        'queue snapshots',
        'queue slices-dead',
        'failure store memory',
        'audit log',
      ]),
    );
  });

  test('a wrong password is reported with the fields to check', async () => {
    expect(bad(await runDoctor(inputOf(await lab(), { password: 'wrong' })))).toEqual([
      expect.stringMatching(
        /device bigip-1.*login as \S+ was refused; check devices\[\]\.username, password.*BIP401/,
      ),
    ]);
  });

  test('an unreadable secret is reported', async () => {
    const bigip = await lab();
    const secrets = {
      resolve: async (name: string) =>
        name === 'env:CA'
          ? bigip.ca
          : Promise.reject(new Error('env:P: the variable P is not set')),
    };
    expect(bad(await runDoctor(inputOf(bigip, { secrets }))).join('\n')).toContain(
      'secret env:P: env:P: the variable P is not set',
    );
  });

  test('a device without AS3 is reported', async () => {
    const bigip = await lab();
    bigip.faults.as3Absent?.(true);
    expect(bad(await runDoctor(inputOf(bigip)))).toEqual([
      expect.stringMatching(/device bigip-1.*AS3.*BIP404/),
    ]);
  });

  test('a wrong clock is reported with the difference and the remedy', async () => {
    const bigip = await lab();
    await declare(connect(bigip), wanted());
    const clock = { ...processClock, now: () => Date.now() - 600_000 };
    expect(bad(await runDoctor(inputOf(bigip, { clock })))).toEqual([
      expect.stringMatching(
        /^clock of device bigip-1: (599|600|601) s ahead of this host; configure NTP on bigip-1 or here$/,
      ),
    ]);
  });

  test('a module that declared settings need is reported if it was taken away', async () => {
    const bigip = await lab({
      common: { modules: ['ltm', 'afm'], objects: ['security/firewall/policy /Common/strict'] },
    });
    const settings = { ...exposure().settings, policyFirewallEnforced: '/Common/strict' };
    const exposures = [exposure({ port: 443, settings }), exposure({ port: 444, settings })];
    const state = planPartition('k8s', wanted(), [slice(2, exposures)], {
      sameFleet: () => false,
    }).next;
    await declare(connect(bigip), state);
    expect(bad(await runDoctor(inputOf(bigip)))).toEqual([]);
    bigip.common.modules.delete('afm');
    expect(bad(await runDoctor(inputOf(bigip)))).toEqual([
      'modules of device bigip-1, partition k8s: AFM (Advanced Firewall Manager) is not ' +
        'provisioned on the device, and policyFirewallEnforced of 172.16.100.195:443/tcp ' +
        'and 1 more need it (BIP425); provision it on the device, or remove the setting',
    ]);
  });

  test('an id that two clusters use is reported with both', async () => {
    const bigip = await lab();
    const both = planPartition(
      'k8s',
      wanted(),
      [
        slice(1, [exposure({ port: 31_000 })], {
          owner: 'east/other/gateway',
          clusterUid: 'uid-2',
        }),
      ],
      { sameFleet: () => false },
    ).next;
    await declare(connect(bigip), both);
    expect(bad(await runDoctor(inputOf(bigip)))).toEqual([
      expect.stringMatching(
        /^cluster id east: 2 clusters use it: .*uid-2 sends events of east\/other\/gateway/,
      ),
    ]);
  });
});

describe('sluice doctor on externally created queues', () => {
  let sqs: LocalSqs;
  beforeEach(async () => {
    sqs = await startLocalSqs();
  });
  afterEach(() => sqs.stop());

  const DAY = 86_400;
  const well = (name: string, visibilitySeconds: number): QueueDefinition[] => [
    { name: `sluice-${name}-dead.fifo`, visibilitySeconds: 180, retentionSeconds: 14 * DAY },
    {
      name: `sluice-${name}.fifo`,
      visibilitySeconds,
      retentionSeconds: 14 * DAY,
      redrive: { deadLetterQueue: `sluice-${name}-dead.fifo`, maxReceiveCount: 1_000 },
    },
  ];
  const look = async (): Promise<readonly DoctorFinding[]> => {
    const reader = createSettingsReader({ ...sqs, prefix: 'sluice' });
    try {
      return await settingsChecks({ clock: processClock }, reader, ['slices']);
    } finally {
      reader.close();
    }
  };

  test("settings as in the stack are fine, and the server's clock is compared", async () => {
    await createQueuesOn(sqs, well('slices', 150));
    expect(bad(await look())).toEqual([]);
    expect((await look()).map((f) => f.what)).toEqual([
      'settings of queue slices',
      'clock of the queue server',
    ]);
  });

  const SPOILT: readonly (readonly [
    what: string,
    queues: readonly QueueDefinition[],
    says: string,
  ])[] = [
    [
      'visibility',
      [well('slices', 30)].flat(),
      'its visibility timeout is 30 s, but its function needs 150 s',
    ],
    [
      'retention',
      well('slices', 150).map((q) => ({ ...q, retentionSeconds: 4 * DAY })),
      'its retention period is 345600 s',
    ],
    [
      'message size',
      well('slices', 150).map((q) => ({ ...q, attributes: { MaximumMessageSize: '262144' } })),
      'it takes messages of 262144 bytes',
    ],
    [
      'redrive',
      [{ name: 'sluice-slices.fifo', visibilitySeconds: 150, retentionSeconds: 14 * DAY }],
      'it has no dead-letter queue',
    ],
    [
      'receives',
      well('slices', 150).map((q) =>
        q.redrive === undefined ? q : { ...q, redrive: { ...q.redrive, maxReceiveCount: 2 } },
      ),
      'its maxReceiveCount is 2',
    ],
  ];

  test.each(SPOILT)(
    '%s that would lose or repeat events is reported',
    async (_what, queues, says) => {
      await createQueuesOn(sqs, queues);
      expect(bad(await look())).toEqual([expect.stringContaining(says)]);
    },
  );

  test.each([
    [{ SqsManagedSseEnabled: 'false' }, [expect.stringContaining('not encrypted at rest')]],
    [{ SqsManagedSseEnabled: 'false', KmsMasterKeyId: 'alias/own' }, []],
  ])('no encryption at rest is reported: %j', async (attributes, said) => {
    await createQueuesOn(
      sqs,
      well('slices', 150).map((q) => ({ ...q, attributes })),
    );
    expect(bad(await look())).toEqual(said);
  });

  test('a missing queue is reported with the remedy', async () => {
    const queues = createSqsQueues({ ...sqs, prefix: 'sluice' });
    const findings = await runDoctor(inputOf(await lab(), { queues }));
    await queues.close();
    expect(bad(findings)).toContainEqual(
      expect.stringMatching(
        /^queue slices: The queue sluice-slices\.fifo .* does not exist.*Deploy the queues, or correct queue\.prefix.*Q603/,
      ),
    );
  });
});
