/**
 * Compares the device with the declaration, object by object. Reads only: AS3's dry run would take
 * the device's lock, and leave a pair unsynchronized.
 */
import { BALANCE_METHODS } from '../../domain/exposure/settings/values.ts';
import { exposureKey } from '../../domain/exposure/exposure.ts';
import { nodeReconciliation } from '../../domain/express/reconcile.ts';
import type { DeclaredExposure, DeclaredState } from '../../domain/declared/declared.ts';
import { ownerValues, operatedValues, describeOverride } from '../../domain/plan/overrides.ts';
import type { OperatedValues } from '../../domain/declared/override.ts';
import type { Pool, Virtual } from '../rest/answers.ts';
import { devicePaths, redirectPath, virtualPaths } from '../as3/names.ts';
import { readLive } from './objects.ts';
import type { LiveObjects } from './objects.ts';
import { propertyDrift } from './properties.ts';
import type { Difference } from '../../device/difference.ts';
import { DeviceError } from '../../device/errors.ts';
import { settingDifferences } from '../rest/live-settings.ts';
import { liveNode } from '../state/nodes.ts';
import { endpoint, lastPart, memberDifferences } from '../state/member-differences.ts';
import type { Session } from '../rest/session.ts';
import { isDeclaring } from '../rest/tasks.ts';

/**
 * Rejects with BIP503 while a declaration is in progress, because a partial one would look like
 * drift.
 */
export async function findDrift(
  session: Session,
  partition: string,
  state: DeclaredState,
): Promise<readonly Difference[]> {
  await refuseWhileDeclaring(session);
  const live = await readLive(session, partition, state);
  await refuseWhileDeclaring(session);
  const nodes = live.nodes.map(liveNode);
  const used = new Set(
    Object.values(state.exposures).flatMap((e) =>
      e.contributions.flatMap((c) => c.members.map((m) => m.address)),
    ),
  );
  const stray = nodes.filter((node) => !used.has(node.address));
  return [
    ...Object.values(state.exposures).flatMap((e) =>
      ofExposure(
        { partition, e, state, operated: operatedValues(e, state.overrides?.[exposureKey(e)]) },
        live,
      ),
    ),
    ...orphans(partition, state, live),
    ...stray.map((node): Difference => ({
      kind: 'orphan',
      path: `/${partition}/${node.name}`,
      message: 'is a node that no declared member uses',
      heal: 'declare',
    })),
    ...nodeReconciliation(state, nodes).map((write): Difference => ({
      kind: 'differs',
      path: `/${partition}/${write.name}`,
      message:
        'is a node that should be ' +
        `${write.availability}${write.ratio === undefined ? '' : ` with ratio ${write.ratio}`}`,
      heal: 'declare',
    })),
    ...propertyDrift(partition, state, live),
  ];
}

/**
 * Called before and after the reading: a declaration that begins in between would make the reading
 * a mixture of old and new.
 */
async function refuseWhileDeclaring(session: Session): Promise<void> {
  if (await isDeclaring(session)) {
    throw new DeviceError(
      'BIP503',
      'transient',
      'a declaration is in progress; the device cannot be compared until it is finished',
    );
  }
}

interface Told {
  readonly partition: string;
  /** The exposure as it is declared, with the parts of all owners. */
  readonly e: DeclaredExposure;
  readonly state: DeclaredState;
  /**
   * Values that operators may change by hand, as declared now: with kept manual changes where there
   * are any.
   */
  readonly operated: Required<OperatedValues>;
}

/** Compares the virtual server and the pool of one exposure. */
function ofExposure(told: Told, live: LiveObjects): readonly Difference[] {
  const { partition, e } = told;
  const paths = devicePaths(partition, e);
  const virtual = live.virtuals.get(paths.virtual);
  const pool = live.pools.get(paths.pool);
  const redirect = redirectPath(partition, e);
  const missing = (path: string, what: string): Difference => ({
    kind: 'missing',
    path,
    message: `is a declared ${what} that does not exist`,
    heal: 'declare',
  });
  return [
    ...(virtual === undefined
      ? [missing(paths.virtual, 'virtual server')]
      : ofVirtual(virtual, told, paths.pool)),
    // Its properties are in the table.
    ...(redirect === undefined || live.virtuals.has(redirect)
      ? []
      : [missing(redirect, 'virtual server')]),
    ...(pool === undefined ? [missing(paths.pool, 'pool')] : ofPool(pool, told)),
  ];
}

/** Differences that are repaired, and manual changes that the policy may keep. */
function ofVirtual(virtual: Virtual, { e, operated }: Told, pool: string): readonly Difference[] {
  const wanted = endpoint(e.address, e.port);
  const words = [
    ...(lastPart(virtual.destination) === wanted
      ? []
      : [`listens on ${lastPart(virtual.destination)} instead of ${wanted}`]),
    ...(virtual.pool === pool ? [] : [`sends to ${virtual.pool ?? 'no pool'} instead of ${pool}`]),
    ...settingDifferences('virtual', virtual, e.settings),
  ];
  const live = {
    connectionLimit: virtual.connectionLimit ?? operated.connectionLimit,
    enabled: virtual.disabled !== true,
  };
  return [
    ...words.map((message) => differs(virtual.fullPath, message)),
    ...byHand(virtual.fullPath, { e, operated }, live),
  ];
}

function differs(path: string, message: string): Difference {
  return { kind: 'differs', path, message, heal: 'declare' };
}

/** One difference for each setting that could be kept. */
function byHand(
  path: string,
  { e, operated: told }: Pick<Told, 'e' | 'operated'>,
  live: OperatedValues,
): readonly Difference[] {
  const names = (Object.keys(live) as (keyof OperatedValues)[]).filter(
    (name) => live[name] !== told[name],
  );
  return names.flatMap((name) => {
    const values: OperatedValues = { [name]: live[name] };
    return describeOverride({ values, instead: told }).map((message) => ({
      ...differs(path, message),
      adopt: { key: exposureKey(e), values, instead: ownerValues(e, values) },
    }));
  });
}

/** Differences of the pool itself and of its members. */
function ofPool(pool: Pool, { e, operated, state }: Told): readonly Difference[] {
  const wanted = new Set(
    e.contributions.flatMap((c) => c.members.map((m) => endpoint(m.address, m.port))),
  );
  const members = pool.membersReference?.items ?? [];
  const have = new Set(members.map((m) => lastPart(m.fullPath)));
  const words = [
    ...[...wanted].filter((m) => !have.has(m)).map((m) => `lacks member ${m}`),
    ...[...have].filter((m) => !wanted.has(m)).map((m) => `has member ${m}, which is not declared`),
    ...memberDifferences(pool, e, state),
    ...settingDifferences('pool', pool, e.settings),
  ];
  // An unknown method cannot be declared, so it cannot be kept.
  const balance = BALANCE_METHODS.find((method) => method === pool.loadBalancingMode);
  const balances =
    balance === undefined
      ? [
          differs(
            pool.fullPath,
            `balances by ${pool.loadBalancingMode} instead of ${operated.balance}`,
          ),
        ]
      : byHand(pool.fullPath, { e, operated }, { balance });
  return [...balances, ...words.map((message) => differs(pool.fullPath, message))];
}

/** Objects in the partition that no declared exposure has. */
function orphans(
  partition: string,
  state: DeclaredState,
  live: LiveObjects,
): readonly Difference[] {
  const exposures = Object.values(state.exposures);
  const paths = new Set(
    exposures.flatMap((e) => [...virtualPaths(partition, e), devicePaths(partition, e).pool]),
  );
  const held = new Set(exposures.map((e) => e.address));
  const orphan = (path: string, what: string): Difference => ({
    kind: 'orphan',
    path,
    message: `is a ${what} that is not declared`,
    heal: 'declare',
  });
  return [
    ...[...live.virtuals.keys()]
      .filter((path) => !paths.has(path))
      .map((path) => orphan(path, 'virtual server')),
    ...[...live.pools.keys()]
      .filter((path) => !paths.has(path))
      .map((path) => orphan(path, 'pool')),
    ...live.addresses
      .filter(({ address }) => !held.has(address))
      .map(({ fullPath }) => orphan(fullPath, 'virtual address')),
  ];
}
