/** What changed between two previews of the same change. Pure. */
import type { Answers } from '../api/answers.ts';

type Preview = Answers['preview'];

/** Objects that are named; more are only counted. */
const MOST = 20;

/** Sentences; empty if only something changed that is not shown. */
export function differenceOf(before: Preview, after: Preview): readonly string[] {
  const had = new Set(before.objects.list);
  const has = new Set(after.objects.list);
  const keys = [...new Set([...Object.keys(before.counts), ...Object.keys(after.counts)])];
  return [
    ...keys.flatMap((key) => {
      const [was, is] = [before.counts[key] ?? 0, after.counts[key] ?? 0];
      return was === is ? [] : `${key}: ${was} before, ${is} now`;
    }),
    ...named(
      'new',
      after.objects.list.filter((one) => !had.has(one)),
    ),
    ...named(
      'gone',
      before.objects.list.filter((one) => !has.has(one)),
    ),
    ...(before.risk === after.risk ? [] : [after.risk ?? 'The risk is gone.']),
  ];
}

function named(word: string, objects: readonly string[]): readonly string[] {
  const listed = objects.slice(0, MOST).map((one) => `${word}: ${one}`);
  const rest = objects.length - listed.length;
  return rest === 0 ? listed : [...listed, `${word}: ${rest} more`];
}
