/** One route of the API: what it takes and answers, who may use it, and what it does. */
import type * as z from 'zod';
import type { OperationContext } from '../../../shared/operations/context.ts';
import type { Asking } from '../asking.ts';
import type { Live } from '../live.ts';
import type { Admitted } from '../login/admission.ts';
import type { Role } from './rights.ts';

/** What routes work with. */
export interface Desk {
  readonly context: OperationContext;
  readonly asking: Asking;
  readonly version: string;
  /** Tells pages what changed; absent if they have to ask. */
  readonly live?: Live;
}

/** The checked parts of a request. */
export interface Input<Q, P, B> {
  readonly query: Q;
  readonly params: P;
  readonly body: B;
  readonly person: Admitted;
}

/** A route with its schemas. The answer is checked against its schema in tests. */
export interface Route<Q = unknown, P = unknown, B = unknown> {
  readonly method: 'get' | 'post';
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly room: string;
  readonly query?: z.ZodObject & z.ZodType<Q>;
  readonly params?: z.ZodObject & z.ZodType<P>;
  readonly body?: z.ZodType<B>;
  readonly answer: z.ZodType;
  /** Also `accepted` (202), if the answer may come later. */
  readonly later?: z.ZodType;
  /** The answer is no JSON but {@link Lines} of it. */
  readonly lines?: true;
  /** The answer is a stream of server-sent events. */
  readonly events?: true;
  /** Fields of the answer that change although nothing did; they are no part of its ETag. */
  readonly untagged?: readonly string[];
  readonly handle: (input: Input<Q, P, B>, desk: Desk) => Promise<unknown>;
}

/** Infers the types of the handler from the schemas. */
export function route<Q, P, B>(one: Route<Q, P, B>): Route {
  return one as unknown as Route;
}

/** An answer with one JSON object in each line. `next`: the cursor of those that follow. */
export class Lines {
  readonly text: string;
  readonly next: string | undefined;
  constructor(objects: readonly object[], next: string | undefined) {
    this.text = objects.map((one) => `${JSON.stringify(one)}\n`).join('');
    this.next = next;
  }
}

/** An answer that is still being worked on, as status 202. */
export class Later {
  readonly answer: unknown;
  constructor(answer: unknown) {
    this.answer = answer;
  }
}
