/** The requested format of the answer. */
export interface Form {
  readonly table?: string;
}

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The types of an Accept header with their parameters, in the order of the client. */
export function mediaTypes(accept: string): readonly MediaType[] {
  return accept.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
    const parameters = rest.map(
      (piece) => [piece.split('=')[0] ?? '', piece.split('=')[1] ?? ''] as const,
    );
    return { type, parameters: new Map(parameters) };
  });
}

/** The first supported format in the list. */
export function formOf(accept: string): Form {
  for (const { type, parameters } of mediaTypes(accept)) {
    const as = parameters.get('as');
    if (type === 'application/json' && as === 'Table')
      return { table: parameters.get('v') ?? 'v1' };
    if ((type === 'application/json' || type === '*/*') && as === undefined) return {};
  }
  return {};
}

/** The requested version of aggregated discovery, if any. */
export function aggregatedVersion(accept: string): string | undefined {
  const found = mediaTypes(accept).find(
    ({ parameters }) =>
      parameters.get('as') === 'APIGroupDiscoveryList' &&
      ['v2', 'v2beta1'].includes(parameters.get('v') ?? ''),
  );
  return found?.parameters.get('v');
}
