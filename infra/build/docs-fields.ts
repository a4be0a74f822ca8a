/** `docs/reference/load-balancer-fields.md`, from the table in the code. */
import {
  FOREIGN_ANNOTATIONS,
  LOAD_BALANCER_FIELDS,
} from '../../shared/domain/exposure/sources/service-fields.ts';

const HEAD = `# Fields for load balancers

What people set on Kubernetes objects for a load balancer, and what Sluice does with it. Generated from
\`shared/domain/exposure/sources/service-fields.ts\`.

- **honoured**: it decides about the exposure.
- **refused**: the exposure is refused with the reason, because it would be another one than was asked for.
- **noted**: it changes nothing, and a note (GW159) names it.
- **others**: it speaks to Kubernetes, istiod or Envoy, who do what it says.

| object | field | | |
|---|---|---|---|
`;

/** The reference page about fields of Services, and annotations of other load balancers. */
export function fieldsPage(): string {
  const rows = LOAD_BALANCER_FIELDS.map(
    ({ object, field, treatment, help }) => `| ${object} | \`${field}\` | ${treatment} | ${help} |`,
  );
  const patterns = FOREIGN_ANNOTATIONS.map(({ source }) => `- \`${source}\``);
  return (
    `${HEAD}${rows.join('\n')}\n\nAnnotations of other load balancers are those that ` +
    `match one of these:\n\n${patterns.join('\n')}\n`
  );
}
