/** Recognisable secrets, and a search for them in everything that was written. */
import { randomUUID } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Long enough for every check of strength; `place` is where Sluice reads it. */
export const canary = (place: string): string => `canary-${place}-${randomUUID()}`;

/** What was written, by where. */
export interface Search {
  /** Also looks for it as part of a URL and of a header. */
  lookFor(secret: string): void;
  add(where: string, text: string): void;
  /** Of files below the folder, those that hold no secret of the test (`isSecret`, by name). */
  addFiles(folder: string, isSecret: RegExp): Promise<void>;
  textOf(where: string): string;
  places(): readonly string[];
  /** Each secret that was found, with where and what stands before it. */
  found(): readonly string[];
  clear(): void;
}

/** Data that Sluice packs, unpacked. */
function unpacked(text: string): string {
  return text.replaceAll(/H4sI[\w+/]{20,}=*/g, (packed) => {
    try {
      return gunzipSync(Buffer.from(packed, 'base64')).toString('utf8');
    } catch {
      return packed;
    }
  });
}

export function startSearch(): Search {
  const needles = new Set<string>();
  const output = new Map<string, string>();
  const add = (where: string, text: string): void =>
    void output.set(where, (output.get(where) ?? '') + text);
  return {
    lookFor: (secret) => {
      needles.add(secret);
      needles.add(encodeURIComponent(secret));
      needles.add(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
    },
    add,
    addFiles: async (folder, isSecret) => {
      for (const name of await readdir(folder, { recursive: true })) {
        const path = join(folder, name);
        if (!isSecret.test(name) && (await stat(path)).isFile())
          add(name, await readFile(path, 'latin1'));
      }
    },
    textOf: (where) => output.get(where) ?? '',
    places: () => [...output.keys()],
    found: () =>
      [...output].flatMap(([where, text]) => {
        const all = unpacked(text);
        return [...needles]
          .map((needle) => [all.indexOf(needle), needle] as const)
          .filter(([at]) => at >= 0)
          .map(
            ([at, needle]) => `${where}: ${all.slice(Math.max(0, at - 120), at + needle.length)}`,
          );
      }),
    clear: () => output.clear(),
  };
}
