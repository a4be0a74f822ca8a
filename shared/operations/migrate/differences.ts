/** What becomes different for clients and members when Sluice takes over a virtual server. */
import type { ForeignServer } from '../../device/foreign-server.ts';
import type { Exposure } from '../../domain/exposure/exposure.ts';
import { showValue } from '../../domain/exposure/settings/values.ts';

interface Compared {
  readonly name: string;
  readonly theirs: (cis: ForeignServer) => string;
  readonly ours: (exposure: Exposure) => string;
}

const ROWS: readonly Compared[] = [
  {
    name: 'balance',
    theirs: ({ balance = 'no pool' }) => balance,
    ours: ({ settings }) => settings.balance,
  },
  {
    name: 'persistence',
    theirs: ({ persistence }) => listInWords(persistence),
    ours: ({ settings }) => listInWords(settings.persistence),
  },
  { name: 'snat', theirs: ({ snat }) => snat, ours: ({ settings }) => settings.snat },
  {
    name: 'monitors',
    theirs: ({ monitors }) => listInWords(monitors),
    ours: ({ settings }) =>
      listInWords(
        settings.monitors.map((one) =>
          typeof one === 'object' && 'type' in one
            ? `${one.type} every ${one.interval} s`
            : showValue(one),
        ),
      ),
  },
];

function listInWords(values: readonly unknown[]): string {
  return values.length === 0 ? 'none' : values.map(showValue).join(', ');
}

/** `balance: round-robin, then least-connections-member`; empty if nothing changes. */
export function trafficDifferences(cis: ForeignServer, exposure: Exposure): readonly string[] {
  return ROWS.flatMap(({ name, theirs, ours }) => {
    const [before, after] = [theirs(cis), ours(exposure)];
    return before === after ? [] : [`${name}: ${before}, then ${after}`];
  });
}
