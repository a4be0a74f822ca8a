/** One trouble of the first page. Pure. */
import { CODES } from '../../domain/codes/index.ts';

/** What a trouble is about, and where it is shown in full. */
export type TroubleRoom = 'failures' | 'replay' | 'fleet' | 'drift' | 'ports';

/** One trouble. */
export interface Trouble {
  /** Stable as long as the trouble is the same. */
  readonly id: string;
  /** `bad`: something that was asked for is not in effect. `warn`: somebody should look. */
  readonly level: 'bad' | 'warn';
  /** Complete, with its end mark; names the object. */
  readonly sentence: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
  /** See docs/reference/codes.md; absent if no code describes it. */
  readonly code?: string;
  /** What to do. */
  readonly remedy: string;
  readonly room: TroubleRoom;
  /** Of the room Fleet; default: clusters. */
  readonly part?: 'devices' | 'waiting';
  /** Words of the filter that selects it in its room. */
  readonly words: readonly string[];
  /** Whether a replay may help after the cause is corrected. */
  readonly replayable: boolean;
}

/** The remedy of a code. */
export const fixOf = (code: string): string => CODES[code]?.fix ?? 'See docs/reference/codes.md.';

/** With an end mark: sentences of devices and AS3 have none at times. */
export function stopped(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
