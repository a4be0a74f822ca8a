/**
 * Loads the deployed map: packed with this function, or in the neighbouring folder if both are
 * hosted together.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MapModule } from '../../shared/failures/replay/map-event.ts';

/** Where the function map is, relative to the bundle of replay: packed for Lambda, or in `dist`. */
const PLACES = ['./map/handler.mjs', '../map/handler.mjs'];

/**
 * `beside`: URL of the file relative to which map is looked up; default: this file. Throws if it is
 * not found.
 */
export async function loadMap(beside: string = import.meta.url): Promise<MapModule> {
  const found = PLACES.map((place) => new URL(place, beside)).find((url) =>
    existsSync(fileURLToPath(url)),
  );
  if (found === undefined)
    throw new Error(
      `the function map was not found (${PLACES.join(', ')}); run "npm run build" first`,
    );
  return (await import(found.href)) as MapModule;
}
