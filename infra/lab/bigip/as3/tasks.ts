import { randomUUID } from 'node:crypto';
import type { Json } from '../json.ts';

type State =
  | { readonly kind: 'pending' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'complete'; readonly body: Json };

interface Task {
  readonly id: string;
  readonly declarationId: string | undefined;
  readonly at: number;
  readonly state: State;
}

const KEPT_MS = 7 * 24 * 3600 * 1000;
const MAX_KEPT_TASKS = 25;

/** Records of asynchronous declares. */
export interface Tasks {
  add(declarationId: string | undefined): string;
  complete(id: string, body: Json): void;
  submitted(id: string): Json;
  get(id: string): Json | undefined;
  list(): readonly Json[];
  /** A restart of AS3 cancels pending tasks. */
  cancelPending(): void;
  /** Deletes the record, as after a failover to the peer. */
  forget(id?: string): void;
}

/** `now`: milliseconds. Finished tasks are forgotten after a time, like those of AS3. */
export function createTasks(now: () => number): Tasks {
  let tasks: readonly Task[] = [];
  const clean = (): void => {
    const young = tasks.filter((task) => now() - task.at < KEPT_MS);
    const finished = young.filter((task) => task.state.kind !== 'pending').slice(0, MAX_KEPT_TASKS);
    tasks = young.filter((task) => task.state.kind === 'pending' || finished.includes(task));
  };
  const change = (which: (task: Task) => boolean, state: State): void => {
    tasks = tasks.map((task) => (which(task) ? { ...task, state } : task));
  };
  return {
    add(declarationId): string {
      const id = randomUUID();
      clean();
      tasks = [{ id, declarationId, at: now(), state: { kind: 'pending' } }, ...tasks];
      return id;
    },
    complete(id, body): void {
      change((task) => task.id === id && task.state.kind === 'pending', { kind: 'complete', body });
    },
    submitted: (id) => ({
      id,
      results: [waiting('Declaration successfully submitted')],
      declaration: {},
      selfLink: selfLink(id),
    }),
    get(id): Json | undefined {
      const task = tasks.find((t) => t.id === id);
      return task === undefined ? undefined : record(task);
    },
    list: () => tasks.map(record),
    cancelPending(): void {
      change((task) => task.state.kind === 'pending', { kind: 'cancelled' });
    },
    forget(id): void {
      tasks = id === undefined ? [] : tasks.filter((task) => task.id !== id);
    },
  };
}

function selfLink(id: string): string {
  return `https://localhost/mgmt/shared/appsvcs/task/${id}`;
}

function waiting(message: string): Json {
  return { message, tenant: '', host: '', runTime: 0, code: 0 };
}

function record({ id, declarationId, state }: Task): Json {
  if (state.kind !== 'complete') {
    const result = {
      ...waiting(state.kind === 'cancelled' ? 'task cancelled' : 'in progress'),
      ...(declarationId === undefined ? {} : { declarationId }),
    };
    return { id, results: [result], declaration: {}, selfLink: selfLink(id) };
  }
  const { body } = state;
  const results = Array.isArray(body['results']) ? (body['results'] as unknown[]) : [body];
  const traces = body['traces'] === undefined ? {} : { traces: body['traces'] };
  return { id, results, declaration: body['declaration'] ?? {}, selfLink: selfLink(id), ...traces };
}
