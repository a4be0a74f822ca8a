import type { Difference } from '../judge.ts';
import type { Reading } from './reading.ts';

const ABSENT = 'absent';

/**
 * `what` begins with the kind of the object or `answer`. Properties of objects that only one device
 * shows count as different, too.
 */
export function compare(step: string, engine: Reading, lab: Reading): readonly Difference[] {
  const found = (part: string, field: string, theirs: string, ours: string): Difference => {
    const [kind = '', path] = part.split(' ');
    const what = `${kind}${field}: ${theirs}, lab ${ours}`;
    return { what: general(what), where: path === undefined ? step : `${step} ${path}` };
  };
  return union(engine, lab).flatMap((part) => {
    const theirs = engine[part];
    const ours = lab[part];
    if (theirs === undefined || ours === undefined)
      return [found(part, '', theirs ? 'there' : ABSENT, ours ? 'there' : ABSENT)];
    return union(theirs, ours)
      .filter((field) => theirs[field] !== ours[field])
      .map((field) => found(part, `.${field}`, theirs[field] ?? ABSENT, ours[field] ?? ABSENT));
  });
}

function union(one: object, other: object): readonly string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

/** One text for the same difference in several cases. */
function general(text: string): string {
  return text
    .replaceAll(/gw-[\w]+-\d+-(tcp|udp)/g, 'APP')
    .replaceAll(/\d+\.\d+\.\d+\.\d+/g, 'ADDRESS')
    .replaceAll(/\[\/[^\]]*\]/g, '[]');
}
