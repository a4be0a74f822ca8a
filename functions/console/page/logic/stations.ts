/** The course of one failure as stations in time. Pure. */
import type { Answers } from '../api/answers.ts';
import { millisOf } from './times.ts';
import type { Tone } from './tones.ts';

/** One station; times in milliseconds since 1970. */
export interface Station {
  readonly at: number;
  readonly tone: Tone;
  readonly title: string;
  readonly says?: string;
}

type Details = Pick<Answers['failure'], 'failure' | 'attempts' | 'event'>;

/** Oldest first. The attempts are those of the newest event. */
export function stationsOf({ failure, attempts, event }: Details): readonly Station[] {
  const { first, last, count, state, changed, note } = failure;
  const tried = attempts.map(({ at, code, reason }, i): Station => ({
    at: millisOf(at) ?? event.sentAt,
    tone: 'bad',
    title: `Attempt ${i + 1} of ${attempts.length}: ${code}`,
    says: reason,
  }));
  const isClosed = state !== 'open' && state !== 'quarantined';
  const stations: readonly Station[] = [
    { at: first, tone: 'bad', title: 'First seen' },
    { at: event.sentAt, tone: 'plain', title: 'Newest event sent' },
    ...tried,
    ...(count > 1
      ? [{ at: last, tone: 'bad', title: `Last seen, ${count} times in all` } as const]
      : []),
    ...(state === 'open'
      ? []
      : [
          {
            at: changed,
            tone: isClosed ? 'ok' : 'bad',
            title: `Became ${state}`,
            ...(note !== undefined && { says: note }),
          } as const,
        ]),
  ];
  return stations.toSorted((a, b) => a.at - b.at);
}
