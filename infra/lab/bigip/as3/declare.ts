import type { Device } from '../device.ts';
import type { Reply } from '../http-types.ts';
import { classOf, isObject, ofClass, withoutKeys } from '../json.ts';
import type { Json } from '../json.ts';
import { hasObject, isProfile } from '../ltm/common.ts';
import { BUSY, Refused, refusedBody, statusOf, tenantReply } from './answers.ts';
import type { TenantResult } from './answers.ts';
import { Invalid, parseTenant, UnknownProperty } from './parse.ts';
import { render } from './render.ts';
import type { Desired, Reference } from './render.ts';
import { currentOf, lockKey, restricted, store, tenantsOf, withLockKeys } from './stored.ts';
import { linesOf, scriptFor } from './script.ts';
import { runTenant, tracesOf } from './tenants.ts';

/** One declaration to apply. */
export interface Job {
  readonly adc: Json;
  /** The tenants to process, in order; an empty tenant is deleted. */
  readonly tenants: ReadonlyMap<string, Json>;
  readonly declarationId: string;
  readonly dryRun: boolean;
  /** Whether to save the configuration at the end. */
  readonly save: boolean;
  readonly traceResponse: boolean;
  readonly showHash: boolean;
  readonly historyLimit: number;
  /** Used in the answer if there is nothing to do. */
  readonly scope: readonly string[];
}

/** Checks every tenant before it takes the lock. Refusals are replies; anything else is thrown. */
export async function runJob(device: Device, job: Job): Promise<Reply> {
  const names = [...job.tenants.keys()];
  const begun = performance.now();
  try {
    if (job.tenants.size === 0) return tenantReply(nothingToDo(job), names);
    const desired = names.map((name) => desiredOf(device, name, job.tenants.get(name) ?? {}));
    checkPaths(job.tenants);
    checkReferences(device, desired);
    const release = device.lock.take();
    if (release === undefined) throw new Refused(503, BUSY);
    try {
      return tenantReply(await runLocked(device, job, { desired, begun }), names);
    } finally {
      release();
    }
  } catch (error) {
    return tenantReply(refusal(job, names, error), names);
  }
}

/** Throws what is no refusal. */
function refusal({ declarationId }: Job, names: readonly string[], error: unknown): Reply {
  if (error instanceof UnknownProperty)
    return { status: 422, body: { code: 422, message: error.message } };
  if (error instanceof Invalid) {
    const refused = new Refused(422, 'declaration is invalid', [error.message]);
    return { status: 422, body: refusedBody(refused, { tenants: [error.tenant], declarationId }) };
  }
  if (!(error instanceof Refused)) throw error;
  // AS3 names the tenant if there is only one, except when it is busy.
  const tenants = error.status === 503 || names.length === 1 ? names : [];
  return { status: error.status, body: refusedBody(error, { tenants, declarationId }) };
}

const MAX_PATH_CHARACTERS = 195;

/** AS3 names the last one. */
function checkPaths(tenants: Job['tenants']): void {
  const paths = [...tenants].flatMap(([tenant, content]) =>
    ofClass(content, 'Application').flatMap(([application, items]) =>
      Object.entries(items)
        .filter(([, item]) => classOf(item) !== undefined)
        .map(([item]) => `/${tenant}/${application}/${item}`),
    ),
  );
  const long = paths.findLast((path) => path.length > MAX_PATH_CHARACTERS);
  if (long !== undefined)
    throw new Refused(422, `Path ${long} is longer than ${MAX_PATH_CHARACTERS} characters`);
}

/** Before it takes its lock, AS3 looks every object up that it did not declare, except VLANs. */
function checkReferences(device: Device, desired: readonly Desired[]): void {
  const exists = ({ kind, type, path, collections = [] }: Reference): boolean => {
    const { common } = device.store;
    if (kind === 'objects')
      return hasObject(common, collections, path) || device.store.current().pools.has(path);
    if (kind === 'profiles') return isProfile(common, path, type);
    const declared = kind === 'snatPools' && device.store.current().snatPools.has(path);
    return declared || common[kind].has(path);
  };
  const missing = desired.flatMap(({ references }) => references).find((one) => !exists(one));
  if (missing) throw new Refused(422, `Unable to find ${missing.path} for ${missing.at}`);
}

function desiredOf(device: Device, name: string, tenant: Json): Desired {
  if (name === 'Common')
    throw new Invalid('/Common', 'the lab does not play declarations for Common');
  return render(parseTenant(name, tenant), device.store.current());
}

function nothingToDo(job: Job): Reply {
  const result = {
    code: 200,
    message: 'no change',
    host: 'localhost',
    runTime: 0,
    declarationId: job.declarationId,
  };
  return {
    status: 200,
    body: { results: [result], declaration: withoutKeys(job.adc, ...job.scope) },
  };
}

async function runLocked(
  device: Device,
  job: Job,
  { desired, begun }: { readonly desired: readonly Desired[]; readonly begun: number },
): Promise<Reply> {
  const changes = (): readonly string[] =>
    desired.flatMap((wanted) =>
      linesOf(scriptFor(device.store.current(), wanted, device.settings.defects)),
    );
  lookAround(device, desired, changes);
  const results: TenantResult[] = [];
  const done = new Map<string, readonly string[]>();
  let traces: Json = {};
  const { boot } = device.condition;
  for (const wanted of desired) {
    const refused = lockMismatch(device, job, wanted.partition);
    if (refused !== undefined) {
      results.push(refused);
      continue;
    }
    const run = await runTenant(device, {
      desired: wanted,
      dryRun: job.dryRun,
      declarationId: job.declarationId,
      begun: results.length === 0 ? begun : performance.now(),
    });
    results.push(run.result);
    done.set(wanted.partition, linesOf(run.script));
    if (job.traceResponse) traces = { ...traces, ...tracesOf(run, wanted) };
  }
  if (!job.dryRun && boot === device.condition.boot) {
    keep(device, job, results);
    const unsaved = job.save
      ? device.inner.meet('save', '', () => results.flatMap(({ tenant }) => done.get(tenant) ?? []))
      : undefined;
    if (unsaved) throw new Refused(500, `failed to save BIG-IP config (${unsaved.words})`);
  }
  return { status: statusOf(results), body: bodyOf(device, job, { results, traces }) };
}

/** The device state that AS3 reads before it processes tenants and their references. */
function lookAround(
  { inner }: Device,
  desired: readonly Desired[],
  changes: () => readonly string[],
): void {
  const around = inner.meet('request', '', changes);
  if (around) throw new Refused(500, around.words);
  const referring = desired
    .flatMap(({ virtuals }) => [...virtuals.values()])
    .find(({ rules }) => rules.length > 0);
  // AS3 reports any error here as a missing object.
  if (referring && inner.meet('reference', '', changes))
    throw new Refused(422, `Unable to find ${referring.rules[0]} for ${referring.path}/iRules/0`);
}

const HASH_DIFFERS =
  'The hash you submitted does not match the hash on the current Tenant. This ' +
  'usually indicates there was a change to the Tenant since you pulled this hash. ' +
  'You will want to do a GET and see what the changes are.';

function lockMismatch(device: Device, job: Job, tenant: string): TenantResult | undefined {
  const given = job.tenants.get(tenant)?.['optimisticLockKey'];
  const stored = tenantsOf(currentOf(device.condition.stored)).get(tenant);
  if (
    typeof given !== 'string' ||
    given === '' ||
    stored === undefined ||
    given === lockKey(stored)
  )
    return undefined;
  return {
    code: 422,
    message: HASH_DIFFERS,
    tenant,
    host: 'localhost',
    runTime: 0,
    declarationId: job.declarationId,
  };
}

function keep(device: Device, job: Job, results: readonly TenantResult[]): void {
  const succeeded = results.filter((result) => result.code === 200).map((result) => result.tenant);
  const tenants = new Map(succeeded.map((name) => [name, job.tenants.get(name) ?? {}]));
  const adc = { ...job.adc, id: job.declarationId };
  device.condition.stored = store(device.condition.stored, {
    adc,
    tenants,
    at: device.settings.now(),
    limit: job.historyLimit,
  });
}

function bodyOf(
  device: Device,
  job: Job,
  outcome: { readonly results: readonly TenantResult[]; readonly traces: Json },
): Json {
  const { results, traces } = outcome;
  const stored = currentOf(device.condition.stored);
  const declaration =
    stored === undefined || job.dryRun
      ? withoutLockKeys(job.adc)
      : restricted(stored, new Set(job.tenants.keys()));
  return {
    results,
    declaration: job.showHash ? withLockKeys(declaration) : declaration,
    ...(job.traceResponse ? { traces } : {}),
    ...(results.length > 1 ? { code: statusOf(results) } : {}),
  };
}

function withoutLockKeys(adc: Json): Json {
  return Object.fromEntries(
    Object.entries(adc).map(([key, value]) => [
      key,
      isObject(value) ? withoutKeys(value, 'optimisticLockKey') : value,
    ]),
  );
}
