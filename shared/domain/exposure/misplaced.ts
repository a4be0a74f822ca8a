/** Reports requests in places where nothing reads them, at the object concerned. */
import { namespacedName } from '../istio/object-age.ts';
import type { Meta } from '../snapshot/objects.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import type { Note } from './settings/layers.ts';
import { isReadAnnotation } from './sources/annotations.ts';

/** An object with its name for notes. */
interface Named {
  readonly object: string;
  readonly meta: Meta;
}

/** Annotations with this prefix are sometimes set as labels by mistake. */
const LABEL_PREFIX = 'sluice.io/';

/** Annotations on routes, labels instead of annotations, and requests to other load balancers. */
export function misplaced({ objects, service, mapping }: IndexedIngress): readonly Note[] {
  const here = new Set(mapping.servers.map(({ gateway }) => gateway));
  const gateways = [...objects.gateways, ...objects.apiGateways]
    .filter(({ meta }) => here.has(namespacedName(meta)))
    .map((gateway) => ({ ...gateway, object: `Gateway ${namespacedName(gateway.meta)}` }));
  const services = service === undefined ? [] : [named('Service', service.meta)];
  return [
    ...objects.virtualServices.flatMap(({ meta }) => onRoute(named('VirtualService', meta))),
    ...objects.apiRoutes.flatMap(({ kind, meta }) => onRoute(named(kind, meta))),
    ...[...gateways, ...services].flatMap(asLabels),
    ...gateways.flatMap(({ object, unheeded = [] }) =>
      unheeded.length === 0
        ? []
        : [
            {
              object,
              code: 'GW159',
              message:
                `${unheeded.join(', ')}: ignored; docs/reference/load-balancer-fields.md says ` +
                'what to use instead',
            },
          ],
    ),
  ];
}

/** `Kind namespace/name` with the metadata. */
function named(kind: string, meta: Meta): Named {
  return { object: `${kind} ${namespacedName(meta)}`, meta };
}

/** Annotations of a route, which have no effect: settings belong to the Gateway. */
function onRoute({ object, meta }: Named): readonly Note[] {
  return Object.keys(meta.annotations)
    .filter(isReadAnnotation)
    .sort()
    .map((name) => ({
      object,
      code: 'GW121',
      message:
        `annotation ${name} has no effect here; set it on the Gateway, or on the ingress ` +
        'Service for all Gateways',
    }));
}

/** Labels that were meant as annotations. */
function asLabels({ object, meta }: Named): readonly Note[] {
  return Object.keys(meta.labels)
    .filter((name) => name.startsWith(LABEL_PREFIX))
    .sort()
    .map((name) => ({
      object,
      code: 'GW121',
      message: `label ${name} has no effect; set it as an annotation`,
    }));
}
