/** What F5 CIS handed over to Sluice, and leaves alone until somebody gives it back. */
import type { KubernetesClient, RawObject } from '../../kubernetes/index.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { handedOverIn } from '../migrate/handed-over.ts';
import { readLabelledCisObjects } from '../migrate/kinds.ts';
import { uninstallItems } from './part.ts';
import type { UninstallItem } from './part.ts';

/**
 * Nothing that Sluice removes depends on these objects, so an account that may not read them only
 * hears that they were not looked at.
 */
export async function handedOverItems(
  client: Pick<KubernetesClient, 'discover' | 'pages'>,
  where: string,
): Promise<readonly UninstallItem[]> {
  const { keep } = uninstallItems(where);
  try {
    const found = await readLabelledCisObjects(client);
    return found.flatMap((raw) => {
      const why = reasonOf(raw);
      return why === undefined ? [] : [keep(nameOf(raw), why)];
    });
  } catch (error) {
    return [keep('objects that F5 CIS handed over', `not looked at: ${errorMessage(error)}`)];
  }
}

/** Undefined if the object was never handed over. */
function reasonOf(raw: RawObject): string | undefined {
  const over = handedOverIn(raw);
  if (over === undefined) return undefined;
  if ('problem' in over) return over.problem;
  const { address, label, withheld = [] } = over;
  const gateways = withheld.map(({ gateway }) => gateway).join(', ');
  return (
    `F5 CIS handed ${address} over and leaves it alone: first "sluice migrate cis undo ${address}", ` +
    `or afterwards set its label ${label.name}: ${label.value}` +
    (gateways === ''
      ? ''
      : `; its undo was interrupted, and sluice.io/expose of ${gateways} is "false"`)
  );
}

function nameOf({ kind = 'object', metadata: { namespace = 'default', name } }: RawObject): string {
  return `${kind} ${namespace}/${name}`;
}
