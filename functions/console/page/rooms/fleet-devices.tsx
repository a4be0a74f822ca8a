/** Devices with their partitions, and the queues. */
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { Age, Badge, Copy, Empty, Name, Words } from '../parts/basic.tsx';
import { Shown } from '../parts/room.tsx';
import { Table } from '../parts/table.tsx';

type Status = Answers['status'];

/**
 * One row for each partition. A device that does not answer is named with its code instead of the
 * state of its partitions.
 */
function Devices({ devices, waiting }: Pick<Status, 'devices' | 'waiting'>): VNode {
  const away = new Map(waiting.map((one) => [one.device, one]));
  return (
    <Table
      label="Devices"
      rows={devices}
      keyOf={({ device, partition }) => `${device} ${partition}`}
      columns={[
        { head: 'device', cell: ({ device }) => <Name text={device} /> },
        { head: 'partition', cell: ({ partition }) => <Name text={partition} /> },
        {
          head: 'state',
          cell: ({ device, problem, code }) => {
            const one = away.get(device);
            if (one !== undefined && one.state !== 'here')
              return (
                <>
                  <Badge tone="bad">{one.state}</Badge>{' '}
                  <Words text={`${one.code}: ${one.reason}`} />
                </>
              );
            return problem === undefined ? (
              <Badge tone="ok">known</Badge>
            ) : (
              <>
                <Badge tone="warn">{code ?? 'not known'}</Badge> <Words text={problem} />
              </>
            );
          },
        },
        { head: 'ports', isNumber: true, cell: ({ exposures }) => exposures ?? '-' },
        { head: 'AS3', cell: ({ as3 }) => <Words text={as3 ?? '-'} /> },
        { head: 'active unit', cell: ({ unit }) => <Name text={unit ?? '-'} /> },
        {
          head: 'last declare',
          cell: ({ lastSuccess }) => <Age at={lastSuccess} none="none yet" />,
        },
        { head: 'busy', cell: ({ busy }) => (busy ? `${busy.busy} of ${busy.of}` : '-') },
      ]}
    />
  );
}

function Queues({ queues }: Pick<Status, 'queues'>): VNode {
  return (
    <section class="card">
      <h2>Queues</h2>
      <Table
        label="Queues"
        rows={queues}
        keyOf={({ queue }) => queue}
        columns={[
          { head: 'queue', cell: ({ queue }) => <Name text={queue} /> },
          { head: 'waiting', isNumber: true, cell: ({ waiting }) => waiting },
          { head: 'in work', isNumber: true, cell: ({ inFlight }) => inFlight },
          { head: 'oldest', cell: ({ oldest }) => <Age at={oldest} none="-" /> },
          { head: 'trouble', cell: ({ problem }) => <Words text={problem ?? '-'} /> },
        ]}
      />
    </section>
  );
}

/** As functions last saw them. */
export function FleetDevices(): VNode {
  const live = useLive('status', 'status');
  return (
    <>
      <Shown live={live} what="the devices">
        {({ devices, waiting, queues }) => (
          <>
            {devices.length === 0 ? (
              <Empty icon="fleet" title="No device is configured">
                Add one to devices in sluice.yaml, and start Sluice again.
              </Empty>
            ) : (
              <Devices devices={devices} waiting={waiting} />
            )}
            <Queues queues={queues} />
          </>
        )}
      </Shown>
      <Copy text="sluice status" label="Copy as command" />
    </>
  );
}
