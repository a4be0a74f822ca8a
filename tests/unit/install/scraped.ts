/** What the Prometheus operator makes of a ServiceMonitor. */
import { one, type DeploymentSpec, type Manifest } from './manifests.ts';

/** A port of pods that is scraped. */
export interface Scraped {
  /** Name of their Deployment. */
  readonly pods: string;
  /** Name of the port of the container. */
  readonly port: string | undefined;
  readonly path: string;
}

/** Whether the labels satisfy the `matchLabels` of a selector. */
export const hasLabels = (labels: object, wanted: object): boolean =>
  Object.entries(wanted).every(([name, value]) =>
    Object.entries(labels).some(([n, v]) => n === name && v === value),
  );

/** Every port of every pod behind the Services that the one ServiceMonitor selects. */
export function scraped(manifests: readonly Manifest[]): readonly Scraped[] {
  const { selector, endpoints } = one(manifests, 'ServiceMonitor').spec as {
    readonly selector: { readonly matchLabels: object };
    readonly endpoints: readonly { readonly port: string; readonly path: string }[];
  };
  const pods = manifests.filter(({ kind }) => kind === 'Deployment');
  const services = manifests.filter(
    ({ kind, metadata }) =>
      kind === 'Service' && hasLabels(metadata.labels ?? {}, selector.matchLabels),
  );
  return services.flatMap(({ spec }) => {
    const { ports, selector: selected } = spec as {
      readonly ports: readonly { readonly name: string; readonly targetPort: string }[];
      readonly selector: object;
    };
    return endpoints.flatMap(({ port, path }) =>
      ports
        .filter(({ name }) => name === port)
        .flatMap(({ targetPort }) =>
          pods
            .map((pod) => ({
              name: pod.metadata.name,
              ...(pod.spec as unknown as DeploymentSpec).template,
            }))
            .filter(({ metadata }) => hasLabels(metadata.labels, selected))
            .map(({ name, spec: { containers } }) => ({
              pods: name,
              port: containers[0]?.ports?.find((each) => each.name === targetPort)?.name,
              path,
            })),
        ),
    );
  });
}
