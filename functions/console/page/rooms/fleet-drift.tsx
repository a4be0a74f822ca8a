/** What the last audit of each device found to differ from the declaration. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { Age, Badge, Copy, Name, Words } from '../parts/basic.tsx';
import { Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';
import { RequestButton } from '../parts/request-button.tsx';

type Audited = Answers['drift']['devices'][number];

/** What a repair does, by the method. */
const REPAIRS: Readonly<Record<string, string>> = {
  declare: 'declares it again',
  patch: 'writes the object',
  path: 'writes the path again',
};

function Findings({ findings, found }: Pick<Audited, 'findings' | 'found'>): VNode {
  return (
    <>
      <Table
        label="Differences"
        rows={findings}
        keyOf={({ partition, object, kind, message }) =>
          `${partition} ${object} ${kind} ${message}`
        }
        columns={[
          { head: 'kind', cell: ({ kind }) => <Badge tone="warn">{kind}</Badge> },
          { head: 'object', cell: ({ object }) => <Name text={object} /> },
          {
            head: 'difference',
            cell: ({ code, message }) => (
              <>
                <code>{code}</code> <Words text={message} />
              </>
            ),
          },
          {
            head: 'repair',
            cell: ({ repairable, heal = '' }) =>
              repairable ? (REPAIRS[heal] ?? 'possible') : 'by hand',
          },
        ]}
      />
      {found > findings.length && (
        <p class="muted">
          {found - findings.length} more are only counted here; the command below lists all.
        </p>
      )}
    </>
  );
}

/**
 * The last audit of one device. Also offers the repair for changes that are kept, because a repair
 * undoes them.
 */
function Device({ audited }: { readonly audited: Audited }): VNode {
  const { device, at, software, findings, found, problem } = audited;
  const canRepair = findings.some(({ repairable, kind }) => repairable || kind === 'kept');
  return (
    <section class="card">
      <header>
        <h2>
          <Name text={device} />{' '}
          <span class="muted">
            {at === undefined ? (
              'not audited yet'
            ) : (
              <>
                audited <Age at={at} />
              </>
            )}{' '}
            {software !== undefined && <Words text={`AS3 ${software}`} />}
          </span>
        </h2>
        {canRepair && <RequestButton request={{ kind: 'repair', device }}>Repair …</RequestButton>}
      </header>
      {problem !== undefined && (
        <p class="bad-text">
          <code>{problem.code}</code> <Words text={problem.reason} />
        </p>
      )}
      {findings.length > 0 && <Findings findings={findings} found={found} />}
      {findings.length === 0 && problem === undefined && (
        <p class="muted">
          {at === undefined ? '"Look again" audits it now.' : 'The device is as declared.'}
        </p>
      )}
    </section>
  );
}

/** An audit runs by schedule, and with each fresh look. */
export function FleetDrift(): VNode {
  const live = useLive('drift', 'drift');
  return (
    <>
      <Shown live={live} what="the last audits">
        {({ devices }) => devices.map((one) => <Device key={one.device} audited={one} />)}
      </Shown>
      <Copy text="sluice drift" label="Copy as command" />
    </>
  );
}
