/** Exports and imports failures with their events as one file. */
import { readBundle, writeBundle } from '../../failures/bundle.ts';
import type { Failure } from '../../failures/port.ts';
import { createKeyring } from '../../queue/keyring.ts';
import { proofOfHandedOver } from '../../queue/proof.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { Author, OperationContext } from '../context.ts';
import { selectFailures } from './failures.ts';

/** The bundle as text, with the events of all matching failures. */
export async function exportFailures(
  context: Pick<OperationContext, 'store' | 'runtime'>,
  words: readonly string[],
): Promise<{ readonly count: number; readonly text: string }> {
  const whole: Failure[] = [];
  for (const { id } of await selectFailures(context, words)) {
    const failure = await context.store.get(id);
    if (failure !== undefined) whole.push(failure);
  }
  return { count: whole.length, text: writeBundle(whole, context.runtime.clock.now()) };
}

/** What became of the failures in a bundle. */
export interface ImportedFailures {
  /** New in the store. */
  readonly taken: number;
  /** Already in the store, and not changed. */
  readonly known: number;
  /** Can be inspected and planned, but not replayed here, because their origin cannot be proven. */
  readonly unproven: number;
}

/** `from`: source for the audit log, such as the file. */
export async function importFailures(
  { store, audit, runtime }: Pick<OperationContext, 'store' | 'audit' | 'runtime'>,
  bundle: ReturnType<typeof readBundle>,
  { from, who, why }: Author & { readonly from: string },
): Promise<ImportedFailures> {
  const entry = { who, action: 'failures import', selection: from, why };
  const taken = await audit.record(entry, async () => {
    const value = await store.adopt(bundle);
    return { result: `${value.length} of ${bundle.length}`, value };
  });
  const added = bundle.filter(({ id }) => taken.some((head) => head.id === id));
  return {
    taken: taken.length,
    known: bundle.length - taken.length,
    unproven: await countUnproven(added, runtime),
  };
}

/** Counts the events that need a proof of their origin and lack it. */
async function countUnproven(
  failures: readonly Failure[],
  { config, secrets, clock }: Runtime,
): Promise<number> {
  const rules = { config, keys: createKeyring(secrets, clock) };
  const proofs = await Promise.all(
    failures.map(({ details: { event } }) => proofOfHandedOver(event.queue, event.body, rules)),
  );
  return proofs.filter(({ kind }) => kind === 'unproven').length;
}
