/** Requests to the API of this origin. Refusals become errors with the sentence that it answered. */
import { signal } from '@preact/signals';
import { loginOf, loginTo } from '../logic/place.ts';
import { skewAfter } from '../logic/skew.ts';
import type { Answers } from './answers.ts';

const BASE = '/api/v1/';
/** Longer than any time limit of the console, so its own sentence arrives first. */
const PATIENCE_MS = 15_000;

/** A refusal as the API writes it. `preview` is the new one after a 409. */
interface Refused {
  readonly message: string;
  readonly code?: string;
  readonly preview?: Answers['preview'];
  readonly ended?: 'moved' | 'failed';
}

/** A refusal, or a console that does not answer (status 0). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string | undefined;
  /** Of a change: what it would do now, after something moved. */
  readonly preview: Answers['preview'] | undefined;
  /** Of a question that was followed: how it ended. */
  readonly ended: 'moved' | 'failed' | undefined;
  constructor(status: number, { message, code, preview, ended }: Refused) {
    super(message);
    this.status = status;
    this.code = code;
    this.preview = preview;
    this.ended = ended;
  }
}

/** Who asks; absent until it is known. */
export const session = signal<Answers['session'] | undefined>(undefined);

/** Why nothing can be asked any more, with the page that helps. `byChoice`: who logged out. */
export const lockedOut = signal<
  { readonly says: string; readonly login?: string; readonly byChoice?: true } | undefined
>(undefined);

/** Milliseconds by which the clock of the console is ahead of this machine's. */
export const skew = signal(0);

/** An answer with its tag; no value: it is unchanged. */
export interface Got<T> {
  readonly value?: T;
  readonly etag?: string;
}

/** `path`: below `/api/v1/`. `etag`: of the value that is known. */
export async function get<K extends keyof Answers>(
  _kind: K,
  path: string,
  etag?: string,
): Promise<Got<Answers[K]>> {
  const response = await send(path, {
    headers: etag === undefined ? {} : { 'If-None-Match': etag },
  });
  if (response.status === 304) return {};
  const tag = response.headers.get('ETag');
  return { value: (await response.json()) as Answers[K], ...(tag !== null && { etag: tag }) };
}

/** Lines of JSON, with the cursor of those that follow. Rejects with an {@link ApiProblem}. */
export async function getLines(
  path: string,
): Promise<{ readonly text: string; readonly next: string | undefined }> {
  const response = await send(path, {});
  const next = response.headers.get('X-Sluice-Next') ?? undefined;
  return { text: await response.text(), next };
}

/** A session of an earlier process is renewed once. */
export async function post<K extends keyof Answers>(
  _kind: K,
  path: string,
  body: unknown,
): Promise<Answers[K]> {
  if (session.value === undefined) await loadSession();
  const sent = session.value?.csrf;
  const once = async (): Promise<Answers[K]> => {
    const response = await send(path, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Sluice-Csrf': session.value?.csrf ?? '',
      },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answers[K];
  };
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 403) throw error;
    await loadSession();
    if (session.value?.csrf === sent) throw error;
    return once();
  }
}

/** Reads who asks; rejects with an {@link ApiProblem}. */
export async function loadSession(): Promise<void> {
  const { value } = await get('session', 'session');
  session.value = value;
}

/** Ends the session in this browser; nothing is asked any more. Rejects with an {@link ApiProblem}. */
export async function logOut(): Promise<void> {
  const path = session.value?.logout;
  if (path === undefined) return;
  const response = await sendTo(path, { method: 'POST' });
  const { says } = (await response.json()) as { readonly says: string };
  lockedOut.value = { says, login: loginTo(location.pathname + location.search), byChoice: true };
  session.value = undefined;
}

const send = (path: string, init: RequestInit): Promise<Response> => sendTo(`${BASE}${path}`, init);

/**
 * One request within PATIENCE_MS. Notes the clock of the server from each answer. Throws an
 * ApiProblem with status 0 if nothing answered.
 */
async function sendTo(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  const sent = Date.now();
  try {
    const tooLate = AbortSignal.timeout(PATIENCE_MS);
    response = await fetch(url, { ...init, signal: tooLate });
  } catch {
    throw new ApiProblem(0, {
      message: 'The console does not answer. What is shown may be old; it is asked again.',
    });
  }
  const date = Date.parse(response.headers.get('Date') ?? '');
  skew.value = skewAfter(skew.value, { sent, received: Date.now(), date });
  if (response.ok || response.status === 304) {
    // The login works again, such as in another tab; who logged out stays outside.
    if (lockedOut.value?.byChoice !== true) lockedOut.value = undefined;
    return response;
  }
  throw await problemOf(response);
}

/**
 * The sentence of a refusal, or one with the status. A 401 also shows the login, unless the person
 * has just logged out.
 */
async function problemOf(response: Response): Promise<ApiProblem> {
  const { status } = response;
  const body = (await response.json().catch(() => ({}))) as {
    error?: { message?: string; code?: string };
    preview?: Answers['preview'];
  };
  const { message = `The console answered with status ${status}.`, code } = body.error ?? {};
  // Who logged out needs no reminder.
  if (status === 401 && lockedOut.value?.byChoice !== true) {
    const login = loginOf(message, location.pathname + location.search);
    lockedOut.value = { says: message, ...(login !== undefined && { login }) };
  }
  return new ApiProblem(status, {
    message,
    ...(code !== undefined && { code }),
    ...(body.preview !== undefined && { preview: body.preview }),
  });
}
