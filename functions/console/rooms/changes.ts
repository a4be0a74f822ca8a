/** Every change: a preview, and the act that carries its hash, a reason and an idempotency key. */
import * as z from 'zod';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import type { ActAnswer } from '../../../shared/failures/acts.ts';
import type { Ask } from '../../../shared/failures/asks.ts';
import type { WantedChange, Cuts, RunChange } from '../../../shared/operations/changes/change.ts';
import { ChangeMoved, makeChange, planChange } from '../../../shared/operations/changes/changes.ts';
import { previewJobChange } from '../../../shared/operations/changes/failures.ts';
import { Busy } from '../http/problems.ts';
import { timely } from '../timely.ts';
import { Later, route } from '../http/route.ts';
import type { Desk, Route } from '../http/route.ts';
import { includesRole, MAKERS } from '../http/rights.ts';
import type { Person } from '../http/rights.ts';
import {
  CHANGE_NAMES,
  CHANGES,
  ChangePreviewSchema,
  ChangeResultSchema,
  ConfirmationSchema,
  CutConnections,
} from '../schemas/changes.ts';
import type { ChangeName } from '../schemas/changes.ts';

type Confirmed = z.infer<typeof ConfirmationSchema>;
const isRun = (change: WantedChange): change is RunChange =>
  change.kind === 'start' || change.kind === 'resume';

/**
 * The preview of a change. Counting the connections that it cuts asks each device, so it is only
 * done for those who may make the change.
 */
async function previewOf(change: WantedChange, desk: Desk, person: Person): Promise<object> {
  if (isRun(change)) return previewJobChange(desk.context, change);
  const { preview, cuts = [] } = await planChange(desk.context, change);
  // Who may not do it does not make a device count.
  if (cuts.length === 0 || !includesRole(person.role, MAKERS[change.kind])) return preview;
  const { connections, unknown } = await countCut(desk, cuts, person);
  return unknown === undefined
    ? { ...preview, cut: connections }
    : { ...preview, effects: [...preview.effects, unknown] };
}

/** A fresh look, because views know no connections. A part of the count would mislead. */
async function countCut(
  { asking }: Desk,
  cuts: readonly Cuts[],
  { who }: Person,
): Promise<{ readonly connections?: CutConnections; readonly unknown?: string }> {
  const asks = await Promise.all(
    cuts.map(({ keys, ...rest }) => {
      const wanted = { kind: 'connections', ...rest, ...(keys && { keys: [...keys] }) } as const;
      return asking.ask(wanted, { who, why: 'preview' });
    }),
  );
  const counts = asks.flatMap(({ answer }) => CutConnections.safeParse(answer).data ?? []);
  if (counts.length === asks.length) return { connections: sumOf(counts) };
  const because =
    asks.find(({ problem }) => problem !== undefined)?.problem?.message ??
    'the devices have not answered yet; look again';
  return { unknown: `It cuts connections. How many is not known: ${because}` };
}

/** Of at least one count; as old as the oldest of them. */
function sumOf(counts: readonly CutConnections[]): CutConnections {
  return counts.reduce((sum, { connections, at }) => ({
    connections: sum.connections + connections,
    at: at < sum.at ? at : sum.at,
  }));
}

/** What a change answers, at once or {@link Later}. */
type Made = Omit<ActAnswer, 'ask'> & { readonly ask?: Ask };

/** A repeated request gets the answer of the first one, and does nothing. */
async function once(
  { context: { acts, runtime }, asking }: Desk,
  { who }: Person,
  { key, ...confirmed }: Confirmed,
  { change, make }: { readonly change: WantedChange; readonly make: () => Promise<object | Later> },
): Promise<object | Later> {
  const request = [change, confirmed];
  const known = await acts.begin(who, key, request);
  if (known?.isSame === false)
    throw new Busy(
      'This key was used for another change or reason, which may have been made. ' +
        'Look at its result in the room Audit; then reload the page.',
    );
  if (known !== undefined) {
    if (known.answer === undefined)
      throw new Busy('This change is being made already; look at its result in the room Audit.');
    const { ask, ...rest } = known.answer;
    return ask === undefined || !isRun(change) ? rest : runAnswer(change, await asking.get(ask));
  }
  const answer = await make().catch(async (error: unknown) => {
    await acts.forget(who, key);
    throw error;
  });
  const { says, undo, ask } = (answer instanceof Later ? answer.answer : answer) as Made;
  // It is made, whatever becomes of its answer; without one, a repeated request is refused.
  await acts
    .end(who, key, request, { says, ...(undo && { undo }), ...(ask && { ask: ask.id }) })
    .catch((error: unknown) =>
      runtime.log.warn({ error: errorMessage(error) }, 'the answer to a change was not stored'),
    );
  return answer;
}

/**
 * Makes a confirmed change. Starting and resuming a job is left to the function replay, so its
 * answer may come later.
 */
async function act(
  change: WantedChange,
  desk: Desk,
  person: Person,
  { hash, force, why }: Confirmed,
): Promise<object | Later> {
  if (isRun(change)) return run(change, desk, { ...person, hash, why });
  const { who } = person;
  return makeChange(timely(desk.context), change, { hash, force, who, why });
}

/** replay previews again and starts; nothing is sent if that differs from what was shown. */
async function run(
  { kind: action, job }: RunChange,
  { context, asking }: Desk,
  { who, why, hash }: { readonly who: string; readonly why: string; readonly hash: string },
): Promise<object | Later> {
  // Refused here at once, if its state does not allow it.
  const preview = await previewJobChange(context, { kind: action, job });
  if (preview.hash !== hash) throw new ChangeMoved(preview);
  const ask = await asking.ask({ kind: 'replay-run', action, job, hash }, { who, why });
  if (ask.state === 'moved')
    throw new ChangeMoved(await previewJobChange(context, { kind: action, job }));
  if (ask.state === 'failed') throw new Error(ask.problem?.message ?? 'the job was not started');
  return runAnswer({ job }, ask);
}

/** What its question says now, which can have failed since the first answer. */
function runAnswer({ job }: Pick<RunChange, 'job'>, ask: Ask): Made | Later {
  const { state, problem } = ask;
  if (state === 'waiting' || state === 'working')
    return new Later({ says: `Job ${job} is being checked against the devices.`, ask });
  if (state === 'failed' || state === 'moved')
    return { says: `Job ${job} does not go on: ${problem?.message ?? 'something moved'}`, ask };
  return { says: `Job ${job} is under way.`, ask };
}

/** The name is the kind, which the schema checks. */
function schemaOf(name: ChangeName): z.ZodType<WantedChange> {
  return CHANGES[name];
}

/** Two routes for each kind of change. */
export const CHANGE_ROUTES: readonly Route[] = CHANGE_NAMES.flatMap((name): readonly Route[] => [
  route({
    method: 'post',
    path: `/api/v1/changes/${name}/preview`,
    role: 'viewer',
    room: 'Changes',
    summary: `What "${name}" would do now; changes nothing`,
    body: schemaOf(name),
    answer: ChangePreviewSchema,
    handle: ({ body, person }, desk) => previewOf(body, desk, person),
  }),
  route({
    method: 'post',
    path: `/api/v1/changes/${name}`,
    role: MAKERS[name],
    room: 'Changes',
    summary: `Makes the change "${name}" that a preview showed`,
    body: z.strictObject({
      change: schemaOf(name),
      confirm: ConfirmationSchema,
    }),
    answer: ChangeResultSchema,
    ...((name === 'start' || name === 'resume') && { later: ChangeResultSchema }),
    handle: ({ body: { change, confirm }, person }, desk) =>
      once(desk, person, confirm, {
        change,
        make: () => act(change, desk, person, confirm),
      }),
  }),
]);
