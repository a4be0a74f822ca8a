/** The check of configuration, secrets, devices, queues, store and clocks. */
import type { VNode } from 'preact';
import { askFor, doctor } from '../api/asking.ts';
import { mayAct } from '../api/rights.ts';
import { parseFindings } from '../logic/findings.ts';
import type { FindingRow } from '../logic/findings.ts';
import type { Tone } from '../logic/tones.ts';
import { Age, Badge, Copy, Empty, Notice, Words } from '../parts/basic.tsx';
import { Table } from '../parts/table.tsx';

const TONES: Readonly<Record<FindingRow['state'], Tone>> = { ok: 'ok', warn: 'warn', fail: 'bad' };

function Findings({ findings }: { readonly findings: readonly FindingRow[] }): VNode {
  return (
    <Table
      label="Findings"
      rows={findings}
      keyOf={({ id, what, says }) => `${id} ${what} ${says}`}
      columns={[
        { head: 'state', cell: ({ state }) => <Badge tone={TONES[state]}>{state}</Badge> },
        { head: 'what', cell: ({ what }) => <Words text={what} /> },
        { head: 'says', cell: ({ says }) => <Words text={says} /> },
        { head: 'what to do', cell: ({ remedy }) => <Words text={remedy ?? '-'} /> },
      ]}
    />
  );
}

/** Asked of the function audit, because it needs credentials. */
export function FleetSetup(): VNode {
  const { isAsking, ask, problem } = doctor.value;
  const findings = parseFindings(ask?.answer);
  return (
    <>
      {mayAct('operator') ? (
        <p class="actions">
          <button
            type="button"
            class="primary"
            disabled={isAsking}
            onClick={() => void askFor(doctor, 'doctor')}
          >
            {isAsking ? 'Checking …' : 'Check the setup'}
          </button>
          {ask?.ended !== undefined && (
            <span class="muted">
              checked <Age at={ask.ended} />
            </span>
          )}
        </p>
      ) : (
        <Notice tone="plain">An operator can check the setup here.</Notice>
      )}
      {problem !== undefined && (
        <Notice tone="bad">
          <Words text={problem} />
        </Notice>
      )}
      {findings.length > 0 ? (
        <Findings findings={findings} />
      ) : (
        <Empty icon="look" title="Not checked yet">
          The check asks configuration, secrets, devices, queues, store and clocks, and changes
          nothing.
        </Empty>
      )}
      <Copy text="sluice doctor" label="Copy as command" />
    </>
  );
}
