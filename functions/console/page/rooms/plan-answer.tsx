/** A plan as `sluice plan --device` shows it: changes, servers that are not exposed, warnings. */
import type { VNode } from 'preact';
import { absentText, planSign, summaryText } from '../../../../shared/operations/plan/words.ts';
import type { Answers } from '../api/answers.ts';
import { hrefOf } from '../logic/place.ts';
import type { Tone } from '../logic/tones.ts';
import { Badge, Empty, Name, Words } from '../parts/basic.tsx';
import { Table } from '../parts/table.tsx';

type Plan = Answers['plan'];
type Change = Plan['changes'][number];
type Server = Plan['notExposed'][number];
type Warning = Plan['warnings'][number];

const TONES: Readonly<Record<string, Tone>> = { '+': 'ok', '~': 'warn', '-': 'bad', '!': 'bad' };

/** A code with its words, and what to do. */
function Why({
  code,
  says,
  remedies,
}: {
  readonly code: string;
  readonly says: string;
  readonly remedies: Plan['remedies'];
}): VNode {
  const remedy = remedies[code];
  return (
    <>
      {remedy !== undefined && <code>{code} </code>}
      <Words text={says} />
      {remedy !== undefined && (
        <p class="remedy">
          <b>What to do</b> <Words text={remedy} />
        </p>
      )}
    </>
  );
}

function Changes({ plan: { changes, total, remedies } }: { readonly plan: Plan }): VNode {
  if (total === 0)
    return (
      <Empty title="No difference">
        What these manifests ask for is declared already, or makes no port.
      </Empty>
    );
  return (
    <>
      <Table<Change>
        label="Changes"
        rows={changes}
        keyOf={({ device, partition, key, owner, kind }) =>
          `${device} ${partition} ${key} ${owner} ${kind}`
        }
        columns={[
          {
            head: 'change',
            cell: ({ kind }) => (
              <Badge tone={TONES[planSign(kind)] ?? 'plain'}>
                {planSign(kind)} {kind}
              </Badge>
            ),
          },
          {
            head: 'device',
            cell: ({ device, partition }) => <Name text={`${device} ${partition}`} />,
          },
          { head: 'address', cell: ({ key }) => <Name text={key} /> },
          {
            head: 'gateways',
            cell: ({ gateways, owner }) => (
              <Name text={gateways.length === 0 ? owner : gateways.join(', ')} />
            ),
          },
          {
            head: 'why',
            cell: ({ code, reason }) => <Why code={code} says={reason} remedies={remedies} />,
          },
        ]}
      />
      {total > changes.length && (
        <p class="muted">
          The first {changes.length} of {total}; the command shows all.
        </p>
      )}
    </>
  );
}

function NotExposed({ plan: { notExposed, cluster, remedies } }: { readonly plan: Plan }) {
  if (notExposed.length === 0) return null;
  return (
    <section>
      <h2>Not exposed</h2>
      <Table<Server>
        label="Servers that are not exposed"
        rows={notExposed}
        keyOf={({ gateway, server }) => `${gateway} ${server}`}
        columns={[
          {
            head: 'gateway',
            cell: ({ gateway }) => (
              <a href={hrefOf('ports', `${cluster}/${gateway}`)}>
                <Name text={gateway} />
              </a>
            ),
          },
          { head: 'port', cell: ({ port, protocol }) => `${port} ${protocol}`, isNumber: true },
          {
            head: 'why',
            cell: ({ code, reason }) => <Why code={code} says={reason} remedies={remedies} />,
          },
        ]}
      />
    </section>
  );
}

function Warnings({ plan: { warnings, remedies } }: { readonly plan: Plan }): VNode | null {
  if (warnings.length === 0) return null;
  return (
    <section>
      <h2>Warnings</h2>
      <Table<Warning>
        label="Warnings"
        rows={warnings}
        keyOf={({ object, code, message }) => `${object} ${code} ${message}`}
        columns={[
          { head: 'object', cell: ({ object }) => <Name text={object} /> },
          {
            head: 'why',
            cell: ({ code, message }) => <Why code={code} says={message} remedies={remedies} />,
          },
        ]}
      />
    </section>
  );
}

/** `notes`: of the reader of the manifests. */
export function PlanAnswer({
  answer,
  notes,
}: {
  readonly answer: Plan;
  readonly notes: readonly string[];
}): VNode {
  const lines = [...answer.absent.map(absentText), ...notes, ...answer.notes];
  return (
    <div class="plan-answer">
      <p class="lead" role="status">
        Cluster <Name text={answer.cluster} />: {summaryText(answer.counts)}.
      </p>
      <Changes plan={answer} />
      <NotExposed plan={answer} />
      <Warnings plan={answer} />
      <ul class="effects">
        {lines.map((line) => (
          <li key={line}>
            <Words text={line} />
          </li>
        ))}
      </ul>
    </div>
  );
}
