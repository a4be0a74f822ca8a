/** Errors of the failure store and of replays, by code. */
import type { REPLAY_CODES } from '../domain/codes/replay.ts';

/** Codes that an error of the failure store or of a replay can have. */
export type ReplayCode = keyof typeof REPLAY_CODES;

/** An error of the failure store or the replay engine, with its RPL7xx code. */
export class ReplayError extends Error {
  readonly code: ReplayCode;
  constructor(code: ReplayCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReplayError';
    this.code = code;
  }
}
