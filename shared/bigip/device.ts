/** One BIG-IP as the pipeline sees it: what it declares, a way to declare, and a look at what it really has. */
import type { DeviceConfig } from '../config/schema.ts';
import type { DeclaredState } from '../domain/plan/declared.ts';
import { EMPTY_STATE } from '../domain/plan/declared.ts';
import type { Clock } from '../runtime/runtime.ts';
import { DeviceError } from './errors.ts';
import { liveMismatches } from './live.ts';
import type { ReadResult } from './as3/read.ts';
import { readTenant } from './as3/read.ts';
import { renderTenant, wrapTenants } from './as3/render.ts';
import type { As3Tenant } from './as3/types.ts';
import { reconcileNodes } from './nodes.ts';
import { faultOfResult } from './outcomes.ts';
import type { TenantResult } from './outcomes.ts';
import { createSession } from './session.ts';
import type { Session } from './session.ts';
import { createTransport } from './transport.ts';

/** The declared state of a partition and the key that the next post must carry; `lockKey` is absent while the tenant does not exist. */
export interface DeclaredPartition {
  readonly state: DeclaredState;
  readonly lockKey?: string;
}

export type PartitionReading = { readonly kind: 'ours'; readonly declared: DeclaredPartition } | Extract<ReadResult, { kind: 'refused' }>;

export interface Device {
  readonly name: string;
  read(partition: string): Promise<PartitionReading>;
  /** Posts the whole partition, waits for the task; rejects with a {@link DeviceError}. */
  declare(partition: string, next: DeclaredState, lockKey: string | undefined): Promise<'applied' | 'unchanged'>;
  /** Differences between what is declared and what is live, one sentence each. */
  verify(partition: string, state: DeclaredState): Promise<readonly string[]>;
  /** Drains and restores the nodes of draining members; resolves with the addresses that changed. */
  reconcileMembers(partition: string, state: DeclaredState): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface DeviceSecrets {
  readonly password: () => Promise<string>;
  readonly ca?: string | undefined;
}

/** Milliseconds: first pause between polls of a task, and the longest. */
const POLL = { first: 100, longest: 2_000, giveUp: 110_000 } as const;

export function createDevice(config: DeviceConfig, secrets: DeviceSecrets, clock: Clock): Device {
  const transport = createTransport({ name: config.name, url: config.url, ca: secrets.ca, fingerprint: config.tls.fingerprint, timeout: config.requestTimeout * 1000 });
  const session = createSession(config.name, transport, { username: config.username, loginProvider: config.loginProvider, password: secrets.password }, () => clock.now());
  const options = { shareNodes: config.partitions.length > 1 };
  return {
    name: config.name,
    read: (partition) => read(session, config, partition),
    declare: async (partition, next, lockKey) => {
      // The lock key does not guard a first write, so the tenant is born empty and everything after is guarded.
      const key = lockKey ?? (await birth(session, clock, config, partition));
      const tenant: As3Tenant = { ...renderTenant(next, options), optimisticLockKey: key };
      return post(session, clock, config, { partition, tenant });
    },
    verify: (partition, state) => liveMismatches(session, partition, state),
    // Shared nodes stand in /Common, where Sluice writes nothing by itself.
    reconcileMembers: (partition, state) => (options.shareNodes ? Promise.resolve([]) : reconcileNodes(session, partition, state)),
    close: () => session.close(),
  };
}

async function read(session: Session, config: DeviceConfig, partition: string): Promise<PartitionReading> {
  const answer = await session.call({ method: 'GET', path: `/mgmt/shared/appsvcs/declare/${partition}?showHash=true` }, [404]);
  if (answer.status === 404 && /not registered/i.test(answer.text)) throw new DeviceError('BIP404', 'device', `${config.name}: AS3 is not installed or still starting; install the AS3 package (3.50 or newer)`, { response: answer.text });
  const tenant = (answer.json as Record<string, As3Tenant> | undefined)?.[partition];
  if (!tenant) return absent(session, config, partition);
  const result = readTenant(partition, tenant);
  if (result.kind === 'refused') return result;
  const lockKey = tenant['optimisticLockKey'];
  return { kind: 'ours', declared: { state: result.state, ...(typeof lockKey === 'string' ? { lockKey } : {}) } };
}

/** No declaration yet: fine, unless the partition is somebody's already, whom AS3 would take it over from. */
async function absent(session: Session, config: DeviceConfig, partition: string): Promise<PartitionReading> {
  const there = await session.call({ method: 'GET', path: `/mgmt/tm/auth/partition/${partition}` }, [404]);
  if (there.status === 404 || config.adoptPartitions) return { kind: 'ours', declared: { state: EMPTY_STATE } };
  return { kind: 'refused', code: 'OWN303', reason: `partition ${partition} exists on ${config.name} but not by Sluice; name another one, or set devices[].adoptPartitions: true if it is empty and meant for Sluice` };
}

async function birth(session: Session, clock: Clock, config: DeviceConfig, partition: string): Promise<string> {
  await post(session, clock, config, { partition, tenant: renderTenant(EMPTY_STATE, { shareNodes: false }) });
  const again = await read(session, config, partition);
  const key = again.kind === 'ours' ? again.declared.lockKey : undefined;
  if (key === undefined) throw new DeviceError('BIP505', 'ambiguous', `${config.name}: partition ${partition} was created but is not declared`);
  return key;
}

interface Declaration {
  readonly partition: string;
  readonly tenant: As3Tenant;
}

async function post(session: Session, clock: Clock, config: DeviceConfig, { partition, tenant }: Declaration): Promise<'applied' | 'unchanged'> {
  const body = wrapTenants({ [partition]: tenant }, config.save);
  const answer = await session.call({ method: 'POST', path: `/mgmt/shared/appsvcs/declare/${partition}?async=true`, body }, [400, 422, 207]);
  const { id } = (answer.json ?? {}) as { id?: string };
  const done = answer.status === 202 && id !== undefined ? await poll(session, clock, config.name, id) : answer.json;
  return conclude(config.name, partition, done, answer.status);
}

async function poll(session: Session, clock: Clock, device: string, id: string): Promise<unknown> {
  const deadline = clock.now() + POLL.giveUp;
  for (let pause: number = POLL.first; clock.now() < deadline; pause = Math.min(pause * 1.5, POLL.longest)) {
    await clock.sleep(pause);
    const answer = await session.call({ method: 'GET', path: `/mgmt/shared/appsvcs/task/${id}` }, [404]);
    if (answer.status === 404) throw new DeviceError('BIP505', 'ambiguous', `${device}: task ${id} is unknown to the device, which may have restarted`, { response: answer.text });
    const { results } = (answer.json ?? {}) as { results?: readonly TenantResult[] };
    if (!results?.some((r) => r.message === 'in progress')) return answer.json;
  }
  throw new DeviceError('BIP502', 'ambiguous', `${device}: task ${id} did not end within ${POLL.giveUp / 1000} s`);
}

/** Goes by the tenant's own result, whatever the HTTP status said. */
function conclude(device: string, partition: string, json: unknown, status: number): 'applied' | 'unchanged' {
  const { results, code, message, errors } = (json ?? {}) as { results?: readonly TenantResult[]; code?: number; message?: string; errors?: readonly string[] };
  const result = results?.find((r) => r.tenant === partition) ?? results?.[0];
  const whole: TenantResult = { code: code ?? status, message: [message, ...(errors ?? [])].filter(Boolean).join('; ') };
  const fault = faultOfResult(device, partition, result ?? whole);
  if (fault) throw fault;
  return (result ?? whole).message === 'no change' ? 'unchanged' : 'applied';
}
