/** The deployed map itself: packed beside this function, or in the folder beside it where both are hosted together. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MapModule } from '../../shared/failures/replay/map-event.ts';

const PLACES = ['./map/handler.mjs', '../map/handler.mjs'];

export async function loadMap(): Promise<MapModule> {
  const found = PLACES.map((place) => new URL(place, import.meta.url)).find((url) =>
    existsSync(fileURLToPath(url)),
  );
  if (found === undefined)
    throw new Error(
      `the function map was not found (${PLACES.join(', ')}); run "npm run build" first`,
    );
  return (await import(found.href)) as MapModule;
}
