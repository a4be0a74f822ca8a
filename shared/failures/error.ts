import type { REPLAY_CODES } from '../domain/codes/replay.ts';

export type ReplayCode = keyof typeof REPLAY_CODES;

/** What the failure store and the replay engine refuse, with its code of RPL7xx. */
export class ReplayError extends Error {
  readonly code: ReplayCode;
  constructor(code: ReplayCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReplayError';
    this.code = code;
  }
}
