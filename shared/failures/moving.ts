/** Which failure stores can be moved, and how. */
import { resolve } from 'node:path';
import type { FailuresConfig } from '../config/schema.ts';
import type { Movable } from '../postgres/moving.ts';
import { postgresLocation } from '../postgres/options.ts';
import { leaveFolder } from './fs/leaving.ts';
import type { MovedBlob } from './fs/leaving.ts';
import { postgresBlobArrival } from './postgres/arrival.ts';
import { s3Location } from './s3/options.ts';

/** Only a directory knows that nobody uses it. */
export function movableFailures(config: FailuresConfig): Movable<MovedBlob> {
  switch (config.kind) {
    case 'fs': {
      const path = resolve(config.path);
      return { where: path, place: path, leave: () => leaveFolder(path) };
    }
    case 'postgres': {
      const where = postgresLocation(config);
      return { where, place: where, arrive: postgresBlobArrival(config) };
    }
    case 's3': {
      const where = s3Location(config);
      return { where, place: where };
    }
  }
}
