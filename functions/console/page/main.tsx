/** The page of the console. */
import { render } from 'preact';
import type { VNode } from 'preact';
import { startClock } from './api/clock.ts';
import { loadSession, lockedOut, session } from './api/client.ts';
import { prefetch, startLive } from './api/live.ts';
import { place, startPlaces } from './api/place.ts';
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
import { PortsRoom } from './rooms/ports.tsx';
import { ReplayRoom } from './rooms/replay.tsx';
import { SearchRoom } from './rooms/search.tsx';

/** One thing starts with nothing of the one before it, hence the keys. */
function RoomHere(): VNode {
  const { room, part } = place.value;
  switch (room) {
    case 'now':
      return <NowRoom />;
    case 'failures':
      return part === undefined ? <FailuresRoom /> : <FailureRoom key={part} id={part} />;
    case 'replay':
      return part === undefined ? <ReplayRoom /> : <JobRoom key={part} id={part} />;
    case 'ports':
      return part === undefined ? <PortsRoom /> : <GatewayRoom key={part} name={part} />;
    case 'search':
      return <SearchRoom />;
    case 'fleet':
      return <FleetRoom />;
    case 'audit':
      return <AuditRoom />;
    case 'nowhere':
      return <Nowhere />;
  }
}

function App(): VNode {
  return (
    <Shell>
      <RoomHere />
    </Shell>
  );
}

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
