/** Faults of the Kubernetes API that the console can cause, and which of them are active. */
import { conditionsOf, type Holds, holdWhile, takeBack } from './holds.ts';
import { qualified } from '../kubernetes/errors.ts';
import type { LabKubernetes } from '../kubernetes/index.ts';
import { allResources } from '../kubernetes/resources/table.ts';

/** Each method causes one fault and returns a sentence about it. Times are in seconds, unless named otherwise. */
export interface ApiDesk {
  cut(): string;
  silence(): string;
  compact(): string;
  deny(resource: string, seconds: number): string;
  down(seconds: number): string;
  slow(milliseconds: number): string;
  clear(): string;
  /** The active faults of the API, as sentences. */
  conditions(): readonly string[];
}

/** As commands name them: `gateways.networking.istio.io`. */
export const resourceNames: readonly string[] = allResources.map(qualified);

function watches(count: number): string {
  return count === 1 ? '1 watch' : `${count} watches`;
}

/** `holds`: faults that end by themselves. */
export function createApiDesk({ faults }: Pick<LabKubernetes, 'faults'>, holds: Holds): ApiDesk {
  return {
    cut: () =>
      `Broken: ${watches(faults.cutWatches())}; whoever watched connects again and misses nothing.`,
    silence: () =>
      `Half open from now on: ${watches(faults.silenceWatches())}; they stay connected, ` +
      'and nothing comes on them any more.',
    compact(): string {
      faults.compact();
      const count = faults.cutWatches();
      return (
        `The history is gone, and ${watches(count)} broke: whoever goes on from before now ` +
        'is answered 410 and has to list again.'
      );
    },
    deny(resource, seconds): string {
      const begin = (): (() => void) => {
        const allow = faults.deny({ verbs: ['list', 'watch'], resource });
        faults.cutWatches({ resource });
        return allow;
      };
      holdWhile(holds, `deny ${resource}`, {
        seconds,
        begin,
        sentence: `list and watch of ${resource} are denied`,
        over: `The Kubernetes API lets ${resource} be read again.`,
      });
      return `For ${seconds} s nobody may list or watch ${resource}: 403, and what was open is broken.`;
    },
    down(seconds): string {
      const begin = (): (() => void) => {
        const undo = faults.add({}, { kind: 'cut' });
        faults.cutWatches();
        return undo;
      };
      holdWhile(holds, 'down', {
        seconds,
        begin,
        sentence: 'it closes every connection',
        over: 'The Kubernetes API answers again.',
      });
      return `For ${seconds} s the Kubernetes API breaks every connection about objects; what is exposed stays so.`;
    },
    slow(milliseconds): string {
      takeBack(holds, 'slow');
      if (milliseconds === 0) return 'The Kubernetes API answers at its usual speed.';
      holds.undo.set('slow', faults.add({}, { kind: 'delay', ms: milliseconds }));
      holds.held.set('slow', () => `every answer waits ${milliseconds} ms`);
      return `Every answer of the Kubernetes API now waits ${milliseconds} ms ("api slow 0" ends it).`;
    },
    clear(): string {
      for (const name of holds.undo.keys()) takeBack(holds, name);
      return 'The Kubernetes API has no fault; watches that are silent stay silent until their clients close them.';
    },
    conditions: () => conditionsOf(holds),
  };
}
