/** The room Now: what is broken and for whom, worst first; or one calm line. */
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { hrefOf } from '../logic/place.ts';
import type { RoomName } from '../logic/place.ts';
import { millisOf } from '../logic/times.ts';
import { Badge, Empty, Since, Words } from '../parts/basic.tsx';
import { Icon } from '../parts/icons.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { RequestButton } from '../parts/request-button.tsx';

type Now = Answers['now'];
type Trouble = Now['troubles'][number];

/** Where a trouble is shown in full. */
function hrefOfTrouble({ room, part, words }: Trouble): string {
  switch (room) {
    case 'failures':
      return hrefOf('failures', undefined, { filter: words.join(' '), view: 'list' });
    case 'replay':
      return hrefOf('replay', words[0]);
    case 'drift':
      return hrefOf('fleet', 'drift');
    case 'ports':
      return hrefOf('ports', undefined, { q: words.join(' ') });
    case 'fleet':
      return hrefOf('fleet', part);
  }
}

const SHOW: Readonly<Record<Trouble['room'], string>> = {
  failures: 'Show the failures',
  replay: 'Show the job',
  drift: 'Show the drift',
  ports: 'Show the ports',
  fleet: 'Show the clusters',
};

const SHOW_PART: Readonly<Record<NonNullable<Trouble['part']>, string>> = {
  devices: 'Show devices and queues',
  waiting: 'Show what waits',
};

function TroubleCard({ trouble }: { readonly trouble: Trouble }): VNode {
  const { level, sentence, since, code, remedy, replayable, words, room, part } = trouble;
  return (
    <li class={`trouble ${level}`}>
      <div class="trouble-head">
        <Badge tone={level}>{level === 'bad' ? 'Broken' : 'Look at this'}</Badge>
        {code !== undefined && <code>{code}</code>}
        {since !== undefined && (
          <span class="muted">
            <Since at={since} />
          </span>
        )}
      </div>
      <p class="sentence">
        <Words text={sentence} />
      </p>
      <p class="remedy">
        <b>What to do</b> <Words text={remedy} />
      </p>
      <div class="actions">
        {replayable && (
          <RequestButton primary request={{ kind: 'replay', filter: words.join(' ') }}>
            Preview replay …
          </RequestButton>
        )}
        <a class="button" href={hrefOfTrouble(trouble)}>
          {part === undefined ? SHOW[room] : SHOW_PART[part]}
        </a>
      </div>
    </li>
  );
}

/** More would hide the worst. */
const MOST = 12;

function Troubles({ troubles }: Pick<Now, 'troubles'>): VNode {
  const isAll = useSignal(false);
  const shown = isAll.value ? troubles : troubles.slice(0, MOST);
  return (
    <>
      <ol class="troubles">
        {shown.map((trouble) => (
          <TroubleCard key={trouble.id} trouble={trouble} />
        ))}
      </ol>
      {troubles.length > shown.length && (
        <button
          type="button"
          onClick={() => {
            isAll.value = true;
          }}
        >
          Show {troubles.length - shown.length} more
        </button>
      )}
    </>
  );
}

function Figure({
  room,
  n,
  one,
  many,
}: {
  readonly room: RoomName;
  readonly n: number;
  readonly one: string;
  readonly many: string;
}): VNode {
  return (
    <a href={hrefOf(room)}>
      <b>{n.toLocaleString('en')}</b> {n === 1 ? one : many}
    </a>
  );
}

function Figures({ counts }: Pick<Now, 'counts'>): VNode {
  return (
    <div class="figures">
      <Figure room="ports" n={counts.exposures} one="port" many="ports" />
      <Figure room="fleet" n={counts.clusters} one="cluster" many="clusters" />
      <Figure room="fleet" n={counts.devices} one="device" many="devices" />
      <Figure room="failures" n={counts.open} one="open failure" many="open failures" />
      <Figure room="replay" n={counts.runningJobs} one="running replay" many="running replays" />
    </div>
  );
}

/** What is waiting or held, in the words of `sluice status`. */
function Waiting(): VNode | null {
  const { value } = useLive('status', 'status');
  const queues = (value?.queues ?? []).filter(({ waiting, inFlight }) => waiting + inFlight > 0);
  const sentences = [...(value?.held ?? []), ...(value?.network ?? [])];
  if (queues.length + sentences.length === 0) return null;
  return (
    <section class="also">
      <h2>Also not at rest</h2>
      <ul>
        {queues.map(({ queue, waiting, inFlight }) => (
          <li key={queue}>
            Queue <Words text={queue} />: {waiting} waiting, {inFlight} in work
          </li>
        ))}
        {sentences.map((sentence) => (
          <li key={sentence}>
            <Words text={sentence} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The first line of the room, such as "1 thing is broken, 2 to look at", or that all is well. */
function headline({ troubles }: Now): string {
  const bad = troubles.filter(({ level }) => level === 'bad').length;
  const rest = troubles.length - bad;
  const broken = bad === 0 ? [] : [`${bad} ${bad === 1 ? 'thing is' : 'things are'} broken`];
  const look = rest === 0 ? [] : [`${rest} to look at`];
  return [...broken, ...look].join(', ') || 'Now';
}

/** The first page. */
export function NowRoom(): VNode {
  const live = useLive('now', 'now');
  const { value } = live;
  return (
    <Room
      title={value === undefined ? 'Now' : headline(value)}
      devices={{ seen: millisOf(value?.seen) }}
    >
      <Shown live={live} what="what is broken">
        {(now) => (
          <>
            {now.calm === undefined ? (
              <Troubles troubles={now.troubles} />
            ) : (
              <div class="calm">
                <Icon name="calm" />
                <p>
                  <Words text={now.calm} />
                </p>
              </div>
            )}
            {now.counts.devices === 0 && (
              <Empty title="No device is configured">
                Add one to devices in sluice.yaml, and start Sluice again.
              </Empty>
            )}
            <Figures counts={now.counts} />
            <Waiting />
          </>
        )}
      </Shown>
    </Room>
  );
}
