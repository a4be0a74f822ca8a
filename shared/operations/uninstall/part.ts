/** What an uninstallation would do, object by object, and the steps that do it. */

/** One object, and what becomes of it. */
export interface UninstallItem {
  /** `cluster east`, `bigip-1`, `queue` or `failures`. */
  readonly place: string;
  /** The object, for people. */
  readonly object: string;
  /** `unknown`: it could not be looked at, so it stays. */
  readonly action: 'remove' | 'keep' | 'unknown';
  /** What its removal means, or why it stays. */
  readonly why: string;
  /** It stays and is in use, so what it needs in clusters and stores stays, too. */
  readonly inUse?: true;
}

/** One write. */
export interface UninstallStep {
  readonly what: string;
  /** Resolves if there is nothing left to do, too. */
  readonly run: () => Promise<void>;
  /** The audit log goes with it. */
  readonly endsLog?: true;
}

/** What an uninstallation does in one place. */
export interface UninstallPart {
  readonly items: readonly UninstallItem[];
  /** In an order that may end after each of them. */
  readonly steps: readonly UninstallStep[];
  /** What still works there and has to be stopped first, each as a sentence. */
  readonly running: readonly string[];
}

/** A place with nothing to remove. */
export const NOTHING: UninstallPart = { items: [], steps: [], running: [] };

/** The items of one place. */
export function uninstallItems(place: string): {
  readonly remove: (object: string, why: string) => UninstallItem;
  readonly keep: (object: string, why: string) => UninstallItem;
  readonly unknown: (object: string, why: string) => UninstallItem;
} {
  return {
    remove: (object, why) => ({ place, object, action: 'remove', why }),
    keep: (object, why) => ({ place, object, action: 'keep', why }),
    unknown: (object, why) => ({ place, object, action: 'unknown', why }),
  };
}

/** All parts as one, in their order. */
export function joinParts(parts: readonly UninstallPart[]): UninstallPart {
  return {
    items: parts.flatMap(({ items }) => items),
    steps: parts.flatMap(({ steps }) => steps),
    running: parts.flatMap(({ running }) => running),
  };
}

/**
 * The part that follows others: nothing of it is removed while something of them is in use, or could
 * not be looked at.
 */
export function afterParts(former: readonly UninstallPart[], part: UninstallPart): UninstallPart {
  const open = former
    .flatMap(({ items }) => items)
    .find(({ action, inUse }) => action === 'unknown' || inUse === true);
  if (open === undefined || part.steps.length === 0) return part;
  const why =
    open.action === 'unknown'
      ? `after ${open.place}, which must answer first`
      : `${open.object} on ${open.place} stays and may need it`;
  return {
    ...part,
    items: part.items.map((item) =>
      item.action === 'remove' ? { ...item, action: 'keep', why } : item,
    ),
    steps: [],
  };
}
