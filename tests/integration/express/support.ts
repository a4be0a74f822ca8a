/**
 * express on the lab's BIG-IP over its socket: a device with declared pools, and the function as
 * every host calls it.
 */
import { randomUUID } from 'node:crypto';
import { create } from '../../../functions/express/handler.ts';
import type { BigipOptions, LabBigip, LabRequest } from '../../../infra/lab/bigip/index.ts';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import { openSession } from '../../../shared/bigip/rest/connect.ts';
import type { Device } from '../../../shared/device/device.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { listNodes } from '../../../shared/bigip/state/nodes.ts';
import type { Session } from '../../../shared/bigip/rest/session.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import { formatStamp } from '../../../shared/domain/express/stamp.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { MEMBER_EXPRESS } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { FunctionContext } from '../../../shared/queue/handler.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { members, type MemberText } from '../../unit/express/fixtures.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

export interface Line {
  readonly owner?: string;
  readonly message: string;
  readonly written?: readonly string[];
  readonly others?: readonly string[];
  readonly reason?: string;
  readonly code?: string;
}

export interface Site {
  readonly bigip: LabBigip;
  readonly device: Device;
  readonly session: Session;
  readonly lines: readonly Line[];
  /** Declares these pools (one list of members each) for an owner at a version. */
  declare(
    counter: number,
    pools: readonly (readonly MemberText[])[],
    over?: Partial<Slice>,
  ): Promise<void>;
  /**
   * One call of the function with these events; resolves with the ids of the messages to retry.
   */
  express(
    events: readonly Express[],
    options?: { readonly age?: number },
  ): Promise<readonly string[]>;
  /** State on the device, sorted: `10.0.0.1 draining`. */
  nodes(): Promise<string[]>;
  /** Bodies of the requests that write nodes, oldest first. */
  readonly nodeWrites: readonly unknown[];
  close(): Promise<void>;
}

const context: FunctionContext = {
  awsRequestId: 'r',
  functionName: 'express',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 30_000,
};

/** `ca` is called whenever the function looks up the trusted CA. */
export async function startSite(
  options: BigipOptions & {
    readonly password?: string;
    readonly partitions?: readonly string[];
    readonly ca?: () => string | undefined;
  } = {},
): Promise<Site> {
  const { password, partitions = ['k8s'], ca = () => undefined, ...rest } = options;
  const bigip = await startBigip({
    dataPath: false,
    timings: { declare: 1, memberWrite: 1 },
    ...rest,
  });
  const nodeWrites: unknown[] = [];
  const spy = ({ method, path, body }: LabRequest): boolean => {
    if (isNodeWrite({ method, path })) nodeWrites.push(body);
    return false;
  };
  bigip.faults.inject({ match: spy, times: Infinity, response: { kind: 'delay', ms: 0 } });
  const config = SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: bigip.url,
        username: bigip.username,
        password: 'env:P',
        tls: { ca: 'env:CA' },
        partitions,
        requestTimeout: 5,
      },
    ],
    clusters: [{ id: 'east' }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip'],
        virtualAddress: '172.16.100.195',
      },
    ],
  });
  const [deviceConfig] = config.devices;
  if (deviceConfig === undefined) throw new Error('no device');
  const secrets = { password: () => Promise.resolve(bigip.password), ca: bigip.ca };
  const device = createDevice(deviceConfig, secrets, processClock);
  const session = openSession(deviceConfig, secrets, processClock);
  const lines: Line[] = [];
  const write = (fields: object, message: string): void => void lines.push({ ...fields, message });
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  const queues = createSqliteQueues({ path: ':memory:', clock: processClock, id: randomUUID });
  const secretOf = (reference: string): string =>
    reference === 'env:CA' ? (ca() ?? bigip.ca) : (password ?? bigip.password);
  const runtime = runtimeWith({
    config,
    secrets: { resolve: (reference) => Promise.resolve(secretOf(reference)) },
    queues,
    log,
  });
  const handler = create(runtime);
  return {
    bigip,
    device,
    session,
    lines,
    declare: (counter, pools, over = {}) =>
      declare(
        device,
        slice(
          counter,
          pools.map((texts, i) =>
            exposure({ port: 1_000 + portOf(over) + i, members: members(texts) }),
          ),
          over,
        ),
      ),
    express: async (events, { age = 0 } = {}) => {
      for (const data of events) {
        const id = randomUUID();
        const body = serialiseEvent(MEMBER_EXPRESS, data, {
          id,
          cluster: 'east',
          subject: data.owner,
          time: new Date(processClock.now() - age).toISOString(),
        });
        await queues.queue('express').send({ group: data.device, deduplicationId: id, body });
      }
      const messages = await queues
        .queue('express')
        .receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
      const answer = await handler(
        {
          Records: messages.map((message) => toRecord(message, 'arn:aws:sqs:local:0:express.fifo')),
        },
        context,
      );
      const again = (answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
      for (const message of messages)
        if (!again.includes(message.id)) await queues.queue('express').delete(message.receipt);
      return again;
    },
    nodes: async () =>
      (await listNodes(session, 'k8s'))
        .map(({ address, availability }) => `${address} ${availability}`)
        .sort(),
    nodeWrites,
    close: async () => {
      await handler.close();
      await device.close();
      await session.close();
      await queues.close();
      await bigip.close();
    },
  };
}

export function isNodeWrite({ method, path }: Pick<LabRequest, 'method' | 'path'>): boolean {
  return method === 'PATCH' && path.startsWith('/mgmt/tm/ltm/node/');
}

/** Each owner has its own address and port. */
function portOf({ owner = '' }: Partial<Slice>): number {
  return owner === '' ? 0 : 100 * owner.length;
}

async function declare(device: Device, wanted: Slice): Promise<void> {
  const reading = await device.read('k8s');
  if (reading.kind === 'refused') throw new Error(reading.reason);
  const { next } = planPartition('k8s', reading.declared.state, [wanted], {
    sameFleet: () => false,
  });
  await device.declare('k8s', next, reading.declared.lockKey);
}

export function stamp(counter: number): string {
  return formatStamp({ cluster: 'east', version: { epoch: 1, counter, generation: 1 } });
}
