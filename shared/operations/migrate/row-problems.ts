/** Why a virtual server of F5 CIS cannot be taken over. Pure. */
import type { ForeignServer } from '../../device/foreign-server.ts';
import type { AskedExposure } from './asked.ts';
import type { MigrationFacts } from './facts.ts';
import type { CisOwned, WantedServer } from './owned.ts';

/** A virtual server that an object asks for, with the object. */
export interface CisWish extends WantedServer {
  readonly owned: CisOwned;
}

/** What was found at one address and port. */
export interface FoundRow {
  readonly key: string;
  readonly wishes: readonly CisWish[];
  /** As it is on the device. */
  readonly cis: ForeignServer | undefined;
  readonly sluice: AskedExposure | undefined;
  /** Whether apply has noted on the device that Sluice waits for it. */
  readonly claimed: boolean;
}

/** One clause each; empty if it can be taken over, or has been. */
export function rowProblems(
  { device, leaning, owned }: Pick<MigrationFacts, 'device' | 'leaning' | 'owned'>,
  { key, wishes, cis, sluice, claimed }: FoundRow,
): readonly string[] {
  if (wishes.length === 0) return unexplained(owned, { key, cis });
  const own = wishes.flatMap(({ owned: { object, problems } }) =>
    problems.map((problem) => `${object}: ${problem}`),
  );
  if (sluice === undefined)
    return [
      ...own,
      `Sluice would have nothing at ${key}: annotate the Gateway as "sluice migrate cis plan" prints it`,
    ];
  const elsewhere = wishes
    .filter((wish) => !leadsTo(sluice, wish))
    .map(
      ({ owned: { object }, service, servicePort }) =>
        `${object} leads to port ${servicePort ?? 'any'} of Service ${service}, ` +
        `and Sluice would lead ${key} to ${targetOf(sluice)}`,
    );
  const copied = leaning.has(key)
    ? [
        `settings of ${key} come only from its F5 ConfigMap: ` +
          'annotate the Gateway as "sluice migrate cis plan" prints it',
      ]
    : [];
  const unasked =
    cis === undefined || claimed
      ? []
      : [
          `Sluice has not asked ${device} for ${key} yet: ` +
            'it must run with this configuration ("sluice why" tells more)',
        ];
  return [...new Set([...own, ...elsewhere, ...copied, ...unasked])];
}

/** The port that only redirects leads nowhere. */
function leadsTo(
  { service, servicePorts }: AskedExposure,
  { service: wanted, servicePort }: CisWish,
): boolean {
  if (service !== wanted) return false;
  return servicePort === undefined || (servicePorts?.includes(servicePort) ?? true);
}

function targetOf({ service, servicePorts = [] }: AskedExposure): string {
  const ports = servicePorts.length === 0 ? '' : `port ${servicePorts.join(', ')} of `;
  return `${ports}Service ${service}`;
}

/** It may belong to an object that Sluice cannot express. */
function unexplained(
  owned: readonly CisOwned[],
  { key, cis }: Pick<FoundRow, 'key' | 'cis'>,
): readonly string[] {
  const address = cis?.address.replace(/%\d+$/, '') ?? '';
  const naming = owned.filter(({ unread }) => unread.includes(address));
  const reasons = naming.flatMap(({ object, problems }) =>
    problems.map((problem) => `${object} cannot be converted: ${problem}`),
  );
  if (reasons.length > 0) return reasons;
  return [
    `${cis?.path ?? key} belongs to no object of F5 CIS in this cluster: ` +
      'a CIS of another cluster has it, or it was left behind',
  ];
}
