/** Port mapping of one ingress as its size grows. */
import { MeshOptions } from '../../shared/domain/istio/mesh.ts';
import { mapIngress } from '../../shared/domain/istio/map-ingress.ts';
import { ingressOf } from './world.ts';
import { table, time } from './measure.ts';

export async function benchMapping(): Promise<void> {
  const mesh = MeshOptions.parse({});
  const rows: (string | number)[][] = [];
  for (const size of [10, 100, 1_000, 10_000]) {
    const { ref, objects } = ingressOf(size);
    const { median, worst } = await time(size > 1_000 ? 5 : 20, () =>
      mapIngress(ref, objects, mesh),
    );
    rows.push([
      `${size} Gateways + ${size} VirtualServices`,
      median,
      worst,
      (median / size) * 1_000,
    ]);
  }
  table(
    'Port mapping of one ingress (each Gateway opens a port of its own)',
    ['size', 'median ms', 'worst ms', 'µs per Gateway'],
    rows,
  );
}
