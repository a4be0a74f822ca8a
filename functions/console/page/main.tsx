/** The page of the console. */
import { render } from 'preact';
import type { VNode } from 'preact';
import { startClock } from './api/clock.ts';
import { loadSession, lockedOut, session } from './api/client.ts';
import { prefetch, startLive } from './api/live.ts';
import { place, startPlaces } from './api/place.ts';
import type { PagePlace } from './logic/place.ts';
import { startKeyboard } from './parts/keyboard.ts';
import { Nowhere } from './parts/room.tsx';
import { Shell } from './parts/shell.tsx';
import { AuditRoom } from './rooms/audit.tsx';
import { FailureRoom } from './rooms/failure.tsx';
import { FailuresRoom } from './rooms/failures.tsx';
import { FleetRoom } from './rooms/fleet.tsx';
import { GatewayRoom } from './rooms/gateway.tsx';
import { JobRoom } from './rooms/job.tsx';
import { NowRoom } from './rooms/now.tsx';
import { PlanRoom } from './rooms/plan.tsx';
import { PortsRoom } from './rooms/ports.tsx';
import { ReplayRoom } from './rooms/replay.tsx';
import { SearchRoom } from './rooms/search.tsx';

/** One thing starts with nothing of the one before it, hence the keys. */
const ROOMS_HERE: Readonly<Record<PagePlace['room'], (part: string | undefined) => VNode>> = {
  now: () => <NowRoom />,
  failures: (part) =>
    part === undefined ? <FailuresRoom /> : <FailureRoom key={part} id={part} />,
  replay: (part) => (part === undefined ? <ReplayRoom /> : <JobRoom key={part} id={part} />),
  ports: (part) => (part === undefined ? <PortsRoom /> : <GatewayRoom key={part} name={part} />),
  plan: () => <PlanRoom />,
  search: () => <SearchRoom />,
  fleet: () => <FleetRoom />,
  audit: () => <AuditRoom />,
  nowhere: () => <Nowhere />,
};

function RoomHere(): VNode {
  const { room, part } = place.value;
  return ROOMS_HERE[room](part);
}

function App(): VNode {
  return (
    <Shell>
      <RoomHere />
    </Shell>
  );
}

/** Between two attempts to read the session while the console does not answer. */
const AGAIN_MS = 5_000;

/** The first request that is refused for want of a login leads there at once. */
async function begin(): Promise<void> {
  await loadSession().catch(() => undefined);
  const login = lockedOut.value?.login;
  if (login !== undefined) location.replace(login);
  else if (session.value === undefined) setTimeout(() => void begin(), AGAIN_MS);
}

startClock();
startLive();
startPlaces();
startKeyboard();
prefetch('now');
void begin();
render(<App />, document.getElementById('page')!);
