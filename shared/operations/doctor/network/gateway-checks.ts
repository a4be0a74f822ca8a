/** Mode `routes`: whether BIG-IP is in the network of the nodes, and whom their answers go to. */
import { firstNamed, formatCount } from '../../../domain/text/counts.ts';
import { okFinding, type DoctorFinding } from '../finding.ts';
import { familiesOf, isWithin, parseRoutedAddress } from './routed-address.ts';
import { addressesOf, type Problem, type ReachedFrom, rowsOf } from './reached.ts';
import { floatingProblem, snatInWords } from './snat-checks.ts';

/** An address of a node that is a gateway of routes. */
interface Gateway {
  readonly via: string;
  readonly node: string;
}

/** Nodes through which routes lead, each once; BIG-IP needs a self IP in their networks. */
function gatewaysOf({ seen, device }: ReachedFrom): readonly Gateway[] {
  const routes = (seen?.pathsOn(device.name) ?? []).flatMap((path) =>
    path.kind === 'route' ? [{ via: path.via, node: path.node }] : [],
  );
  return [...new Map(routes.map((one) => [one.via, one])).values()];
}

/** The rows of one unit. */
export function gatewayChecks(from: ReachedFrom): readonly DoctorFinding[] {
  const { cluster, unit, seen } = from;
  const checked = { id: 'network-nodes', what: `nodes of ${cluster.id} from ${unit.name}` };
  if (seen === undefined)
    return [okFinding(checked, 'not checked: name a kubeconfig of the cluster with -k')];
  const gateways = gatewaysOf(from);
  // The standby unit monitors from an address that stays there.
  const own = addressesOf(unit).filter(({ isFloating }) => !isFloating);
  const hops = gateways.map((gateway) => {
    const at = parseRoutedAddress(gateway.via);
    return { gateway, at, near: own.filter((one) => at !== undefined && isWithin(at, one.at)) };
  });
  const links = [...new Set(hops.flatMap(({ near }) => near.map(({ link }) => link)))];
  const egress = links.map((link) => ({
    link,
    routeDomain: cluster.routeDomain,
    families: familiesOf(
      hops.flatMap(({ at, near }) => (near.some((one) => one.link === link) ? (at ?? []) : [])),
    ),
  }));
  const well =
    gateways.length === 0
      ? 'no gateway pod needs a route now'
      : `${formatCount(gateways.length, 'node')} in networks of its self IPs; ${snatInWords(from.snat)}`;
  const beyond = hops.filter(({ near }) => near.length === 0).map(({ gateway }) => gateway);
  return rowsOf(
    checked,
    [beyondProblem(from, beyond), ...egress.map((one) => floatingProblem(from, one))],
    well,
  );
}

/**
 * The problem of gateways that no self IP reaches directly (BIP472); undefined if there are none.
 */
function beyondProblem(
  { cluster, device, unit }: ReachedFrom,
  beyond: readonly Gateway[],
): Problem | undefined {
  if (beyond.length === 0) return undefined;
  const nodes = firstNamed(beyond.map(({ via, node }) => `${node} at ${via}`));
  const domain = cluster.routeDomain === 0 ? '' : ` in route domain ${cluster.routeDomain}`;
  return {
    code: 'BIP472',
    says: `${unit.name} has no self IP of its own${domain} in the network of ${nodes}, so BIG-IP refuses routes through them`,
    remedy:
      `create a self IP there ("sluice network setup --device ${device.name} --cluster ${cluster.id}" ` +
      'prints how); for nodes beyond a router, use members: nodes in ingresses[]',
  };
}
