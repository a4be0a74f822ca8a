/** One Gateway: whether each of its servers is reached, and the steps of its newest events. */
import type { VNode } from 'preact';
import { shellWords } from '../../../../shared/domain/text/shell.ts';
import type { Answers } from '../api/answers.ts';
import { useLive } from '../api/live.ts';
import { hrefOf } from '../logic/place.ts';
import { Age, At, Badge, Copy, Empty, Name, Words } from '../parts/basic.tsx';
import { Room, Shown } from '../parts/room.tsx';
import { RequestButton } from '../parts/request-button.tsx';

type Server = Answers['why']['servers'][number];
type Station = Answers['trace']['stations'][number];

/**
 * What stands between the server and its clients at the moment: missing or held exposures, open
 * failures, faults of the network. Nothing if all is well.
 */
function Now({ server: { now } }: { readonly server: Server }): VNode | null {
  const { missing, held, failures, network } = now;
  if (missing.length + held.length + failures.length + network.length === 0) return null;
  return (
    <ul class="effects">
      {missing.length > 0 && (
        <li>
          Not on BIG-IP: <Words text={missing.join(', ')} />
        </li>
      )}
      {held.map(({ device, exposure, reason }) => (
        <li key={`${device} ${exposure}`}>
          Held on <Name text={`${device}: ${exposure}`} />: <Words text={reason} />
        </li>
      ))}
      {failures.map(({ id, code, sentence }) => (
        <li key={id}>
          <a href={hrefOf('failures', id)}>
            <code>{code}</code> <Words text={sentence} />
          </a>
        </li>
      ))}
      {network.map(({ device, code, message }) => (
        <li key={`${device} ${code}`}>
          <code>{code}</code> <Words text={`${device}: ${message}`} />
        </li>
      ))}
    </ul>
  );
}

function ServerCard({ server }: { readonly server: Server }): VNode {
  const { isReached, port, protocol, code, reason, remedy, exposures } = server;
  return (
    <section class={`card ${isReached ? '' : 'bad'}`}>
      <h2>
        Port {port} ({protocol}){' '}
        <Badge tone={isReached ? 'ok' : 'bad'}>{isReached ? 'reached' : 'not reached'}</Badge>
      </h2>
      <p>
        {code !== 'OK' && <code>{code}</code>} <Words text={reason} />
      </p>
      {!isReached && code !== 'OK' && (
        <p class="remedy">
          <b>What to do</b> <Words text={remedy} />
        </p>
      )}
      {exposures.length > 0 && (
        <p class="muted">
          Requested at <Name text={exposures.join(', ')} />
        </p>
      )}
      <Now server={server} />
    </section>
  );
}

function Story({ stations }: { readonly stations: readonly Station[] }): VNode {
  return (
    <section class="card">
      <h2>Story</h2>
      {stations.length === 0 ? (
        <p class="muted">Nothing is recorded of this Gateway yet.</p>
      ) : (
        <ol class="timeline">
          {stations.map(({ at, what, where, details }, i) => (
            <li key={i} class="plain">
              <div>
                <b>{what}</b> <Name text={where} />{' '}
                <span class="muted">{at === undefined ? 'now' : <At at={at} />}</span>
              </div>
              {details !== '' && (
                <p>
                  <Words text={details} />
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** `name`: `cluster/namespace/gateway`. */
export function GatewayRoom({ name }: { readonly name: string }): VNode {
  const query = new URLSearchParams({ gateway: name }).toString();
  const why = useLive('why', `why?${query}`);
  const trace = useLive('trace', `trace?${query}`);
  const [cluster = '', ...rest] = name.split('/');
  const gateway = rest.join('/');
  return (
    <Room
      title={<Name text={gateway} />}
      lead={
        <>
          Gateway in cluster <Words text={cluster} />
        </>
      }
      actions={
        <div class="actions">
          <RequestButton request={{ kind: 'sync', cluster, gateway }}>Send again …</RequestButton>
          <a class="button" href={hrefOf('search', undefined, { q: name })}>
            Show the way
          </a>
        </div>
      }
    >
      <div class="two">
        <div>
          <Shown live={why} what="whether it is reached">
            {({ servers, at }) =>
              servers.length === 0 ? (
                <Empty icon="ports" title="No snapshot names this Gateway">
                  Check its name, and whether an ingress of sluice.yaml selects it.
                </Empty>
              ) : (
                <>
                  {servers.map((server) => (
                    <ServerCard key={`${server.server} ${server.port}`} server={server} />
                  ))}
                  {at !== undefined && (
                    <p class="muted">
                      By the snapshot of <Age at={at} />.
                    </p>
                  )}
                </>
              )
            }
          </Shown>
          <Copy
            text={shellWords(['sluice', 'why', gateway, '--cluster', cluster])}
            label="Copy as command"
          />
        </div>
        <div>
          <Shown live={trace} what="its story">
            {({ stations }) => <Story stations={stations} />}
          </Shown>
        </div>
      </div>
    </Room>
  );
}
