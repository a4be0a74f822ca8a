/** Errors as answers: a status, and a sentence with the way on. */
import { HTTPException } from 'hono/http-exception';
import { ConfigError } from '../../../shared/config/error.ts';
import type { ReplayCode } from '../../../shared/failures/error.ts';
import { ChoiceError } from '../../../shared/operations/choice.ts';
import { ReplayError } from '../../../shared/failures/error.ts';
import { ChangeMoved, ChangeRisky } from '../../../shared/operations/changes/changes.ts';
import { errorCode, errorMessage } from '../../../shared/telemetry/errors.ts';

/** The same change is under way, or its key was used for another one. */
export class Busy extends Error {}

/** A request that is refused before anything is done. */
export class Refused extends Error {
  readonly status: 400 | 401 | 403 | 404 | 413 | 415 | 503;
  constructor(status: Refused['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** An error as it is answered. `isFault`: it belongs into the log, and is not shown. */
export interface Answer {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 500 | 503;
  readonly body: object;
  readonly isFault?: true;
}

/** Other codes are 422: the request is understood, and cannot be carried out. */
const STATUS: Partial<Record<ReplayCode, Answer['status']>> = {
  RPL700: 503,
  RPL702: 404,
  RPL703: 409,
  RPL704: 409,
  RPL705: 404,
};

const problem = (message: string, code?: string): object => ({
  error: { ...(code !== undefined && { code }), message },
});

/** Errors that are a sentence and nothing else. */
const SENTENCES = [
  [Busy, 409],
  [ChangeRisky, 422],
  [ChoiceError, 422],
] as const;

/** A plain `Error` is an explanation of an operation; anything else is a fault of ours. */
export function answerOf(error: unknown): Answer {
  if (error instanceof Refused) return { status: error.status, body: problem(error.message) };
  // Of the parser of bodies, the only part of the framework that throws one.
  if (error instanceof HTTPException)
    return { status: 400, body: problem('The body of the request is no JSON; correct it.') };
  if (error instanceof ChangeMoved)
    return { status: 409, body: { ...problem(error.message), preview: error.preview } };
  const said = SENTENCES.find(([kind]) => error instanceof kind);
  if (said !== undefined) return { status: said[1], body: problem(errorMessage(error)) };
  // Anybody can cause it, so it names no part of the configuration; the log does.
  if (error instanceof ConfigError)
    return {
      status: 503,
      body: problem('The console is not completely set up; its log says what is missing.'),
      isFault: true,
    };
  if (error instanceof ReplayError)
    return { status: STATUS[error.code] ?? 422, body: problem(error.message, error.code) };
  const code = errorCode(error);
  if (code?.startsWith('Q6') === true)
    return { status: 503, body: problem(errorMessage(error), code) };
  if (error instanceof Error && Object.getPrototypeOf(error) === Error.prototype)
    return { status: 422, body: problem(error.message) };
  return {
    status: 500,
    body: problem('An unexpected error; the log of the console has the details.'),
    isFault: true,
  };
}
