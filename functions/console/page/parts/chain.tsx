/** The way from a Gateway to its members; the first broken link is open. */
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { SearchChain } from '../api/answers.ts';
import { chainSentence, LINK_NAMES, LINK_STATES, openedLink } from '../logic/chain.ts';
import { hrefOf } from '../logic/place.ts';
import { Age, Badge, Name, Words } from './basic.tsx';
import { Icon } from './icons.tsx';
import { RequestButton } from './request-button.tsx';

type Link = SearchChain['links'][number];

const MARKS: Readonly<Record<Link['state'], string>> = {
  ok: '✓',
  broken: '✕',
  unknown: '?',
  after: '·',
};

/** The state of one link in words, with its code and remedy. */
function Says({ link }: { readonly link: Link }): VNode {
  const { name, state, says, code, remedy } = link;
  return (
    <div class={`says ${state}`}>
      <p>
        <b>
          {LINK_NAMES[name]}: {LINK_STATES[state]}.
        </b>{' '}
        {code !== undefined && <code>{code}</code>} <Words text={says} />
      </p>
      {remedy !== undefined && (
        <p class="remedy">
          <b>What to do</b> <Words text={remedy} />
        </p>
      )}
    </div>
  );
}

/** All links as buttons; the first broken one is open until another one is chosen. */
function Links({ chain }: { readonly chain: SearchChain }): VNode {
  const chosen = useSignal<Link['name'] | undefined>(undefined);
  const opened = chosen.value ?? openedLink(chain);
  const link = chain.links.find(({ name }) => name === opened);
  return (
    <>
      <ol class="links">
        {chain.links.map(({ name, state }) => (
          <li key={name} class={state}>
            <button
              type="button"
              aria-expanded={name === opened}
              onClick={() => {
                chosen.value = name;
              }}
            >
              <span class="mark" aria-hidden="true">
                {MARKS[state]}
              </span>
              <span>{LINK_NAMES[name]}</span>
              <span class="state">{LINK_STATES[state]}</span>
            </button>
          </li>
        ))}
      </ol>
      {link !== undefined && <Says link={link} />}
    </>
  );
}

/** With what can be done about it. */
export function ChainCard({ chain }: { readonly chain: SearchChain }): VNode {
  const { cluster, gateway, hosts, broken, at, failures } = chain;
  const known = gateway !== '' && cluster !== '';
  return (
    <article class={`card chain ${broken === undefined ? '' : 'bad'}`}>
      <header>
        <h2>
          <Name text={gateway || 'No known Gateway'} />
          <span class="muted">
            {' '}
            in <Words text={cluster || 'no known cluster'} />
          </span>
        </h2>
        <Badge tone={broken === undefined ? 'ok' : 'bad'}>
          {broken === undefined ? 'not broken' : `breaks at ${LINK_NAMES[broken]}`}
        </Badge>
      </header>
      <p>
        {chainSentence(chain)}
        {hosts.length > 0 && (
          <span class="muted">
            {' '}
            Hosts: <Words text={hosts.join(', ')} />.
          </span>
        )}
        {at !== undefined && (
          <span class="muted">
            {' '}
            Verdict <Age at={at} />.
          </span>
        )}
      </p>
      <Links chain={chain} />
      <div class="actions">
        {failures.map((id) => (
          <a key={id} class="button" href={hrefOf('failures', id)}>
            Failure {id.slice(0, 8)} <Icon name="next" />
          </a>
        ))}
        {known && (
          <>
            <RequestButton request={{ kind: 'sync', cluster, gateway }}>Send again …</RequestButton>
            <a class="button" href={hrefOf('ports', `${cluster}/${gateway}`)}>
              Story of this Gateway
            </a>
          </>
        )}
      </div>
    </article>
  );
}
