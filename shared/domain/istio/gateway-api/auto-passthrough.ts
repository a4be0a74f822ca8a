/** istio-port-mapping.md §3: which listeners istiod makes AUTO_PASSTHROUGH. */
import type { ApiGateway, ApiListener } from '../../snapshot/objects.ts';

const AUTO_PASSTHROUGH_PORT = '15443';

/** `IsAutoPassthrough`: a network label on the Gateway and the port agreed for it, or the listener option that the normaliser turned into a mode. */
export function isAutoPassthrough(
  { meta: { labels } }: Pick<ApiGateway, 'meta'>,
  { tlsMode, port }: Pick<ApiListener, 'tlsMode' | 'port'>,
): boolean {
  if (tlsMode === undefined) return false;
  if (tlsMode === 'AUTO_PASSTHROUGH') return true;
  return (
    'topology.istio.io/network' in labels &&
    String(port) === (labels['networking.istio.io/gatewayPort'] ?? AUTO_PASSTHROUGH_PORT)
  );
}
