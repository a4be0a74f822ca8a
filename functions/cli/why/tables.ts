/** `sluice why` as tables. Pure. */
import type { WhyAnswer } from '../../../shared/operations/why/why.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { formatTable } from '../terminal/output.ts';

/**
 * One row for each server, then what is missing on the devices or held, then the remedies. The column `NOW`
 * exists only if the devices were asked.
 */
export function whyText(answers: readonly WhyAnswer[]): string {
  const asked = answers.some(({ now }) => now !== undefined);
  const rows = answers.map(({ server: s, exposures, now }) => [
    String(s.server),
    `${s.port}/${s.protocol}`,
    s.verdict,
    s.code,
    exposures.join(', ') || '-',
    ...(asked ? [exposures.length === 0 ? '-' : (now?.state ?? '-')] : []),
    s.reason,
  ]);
  const header = [
    'SERVER',
    'PORT',
    'VERDICT',
    'CODE',
    'WANTED AT',
    ...(asked ? ['NOW'] : []),
    'WHY',
  ];
  const parts = [
    section('The network', answers.flatMap(networkLines)),
    formatTable(header, rows),
    section('Not on BIG-IP', answers.flatMap(presentLines)),
    section('Held until nodes may move to /Common (OWN312)', answers.flatMap(heldLines)),
    section(
      'What to do',
      answers
        .filter(({ remedy }) => remedy !== 'Nothing.')
        .map(({ server, remedy }) => `Server ${server.server} (port ${server.port}): ${remedy}`),
    ),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/**
 * Omitted if it has no lines. Equal lines are printed once, because several servers may have the
 * same remedy.
 */
function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...new Set(lines.map(visible))].join('\n');
}

/**
 * The exposures that are missing and the failures that explain why. If a device did not answer,
 * what it lacks is not known.
 */
function presentLines({ now }: WhyAnswer): readonly string[] {
  if (now === undefined) return [];
  return [
    ...now.missing.map((place) =>
      now.state === 'unknown' ? `${place}: not known, a device did not answer` : place,
    ),
    ...now.failures.map(
      ({ id, code, device, sentence }) =>
        `${device === undefined ? '' : `${device}: `}${sentence} (${code}); "sluice failures show ${id}" says more`,
    ),
  ];
}

/** First: what is behind a broken path looks like many faults. */
function networkLines({ now, pathless = [] }: WhyAnswer): readonly string[] {
  return [
    ...pathless.map(({ object, code, message }) => `${object}: ${message} (${code})`),
    ...(now?.network ?? []).map(({ code, message }) => `${message} (${code})`),
  ];
}

/** Exposures that are held, with the device and the reason. */
function heldLines({ now }: WhyAnswer): readonly string[] {
  return (now?.held ?? []).map(
    ({ device, exposure, reason }) => `${exposure} on ${device}: ${reason}`,
  );
}
