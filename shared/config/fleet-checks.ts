/** Checks of fleets: membership, and fields that require a mode. */
import { supportsRatio } from '../domain/exposure/settings/balance.ts';
import type { ConfigProblem } from './error.ts';
import { unknownNameProblems, settingsProblems } from './rules.ts';
import type { FleetConfig, SluiceConfig } from './schema.ts';

/** All problems of `fleets` and of the ingresses that belong to them. */
export function fleetProblems(config: SluiceConfig): readonly ConfigProblem[] {
  return [
    ...homeProblems(config),
    ...config.fleets.flatMap((fleet, i) => {
      const path = `fleets[${i}]`;
      return [
        ...modeProblems(path, fleet),
        ...settingsProblems(`${path}.settings`, fleet.settings, config.policy),
      ];
    }),
  ];
}

/** Each cluster of a fleet must exist, and belong to no other fleet. */
function homeProblems(config: SluiceConfig): readonly ConfigProblem[] {
  const clusters = config.clusters.map((cluster) => cluster.id);
  const home = new Map<string, string>();
  return config.fleets.flatMap((fleet, i) =>
    fleet.clusters.flatMap((cluster, k) => {
      const path = `fleets[${i}].clusters[${k}]`;
      const other = home.get(cluster);
      home.set(cluster, fleet.name);
      const twice =
        other === undefined
          ? []
          : [
              {
                path,
                message: `cluster ${cluster} is already in fleet ${other}; a cluster belongs to one fleet`,
              },
            ];
      return [...unknownNameProblems(path, cluster, clusters, 'cluster'), ...twice];
    }),
  );
}

/**
 * Keys that have no effect in the mode of the fleet are refused, because they would be
 * misunderstood. In mode ratio, so is a balancing method that ignores the ratio.
 */
function modeProblems(
  path: string,
  { mode, ratio, minimumActive, clusters, settings }: FleetConfig,
): readonly ConfigProblem[] {
  const only = (
    key: string,
    wanted: FleetConfig['mode'],
    value: unknown,
  ): readonly ConfigProblem[] =>
    value === undefined || mode === wanted
      ? []
      : [
          {
            path: `${path}.${key}`,
            message: `is only for mode ${wanted}, but the fleet has mode ${mode}; change the mode or remove it`,
          },
        ];
  const { balance } = settings;
  return [
    ...only('ratio', 'ratio', ratio),
    ...Object.keys(ratio ?? {}).flatMap((cluster) =>
      unknownNameProblems(`${path}.ratio.${cluster}`, cluster, clusters, 'cluster of the fleet'),
    ),
    ...only('minimumActive', 'active-standby', minimumActive),
    ...(mode === 'ratio' && balance !== undefined && !supportsRatio(balance)
      ? [
          {
            path: `${path}.settings.balance`,
            message:
              `${balance} ignores the ratio of clusters; ` +
              'in mode ratio remove it, ' +
              'or use least-connections-member to take the load into account',
          },
        ]
      : []),
  ];
}
