/** The search of the page: a Gateway, a port, an address with a port, or a host. */
import type { VNode } from 'preact';
import { go, place } from '../api/place.ts';
import { hrefOf } from '../logic/place.ts';
import { Icon } from './icons.tsx';
import { useTyping } from './typing.ts';

/** The id by which the key `/` finds it. */
export const SEARCH_ID = 'search';

/** Answers with the way from the Gateway to the members. */
export function SearchBox(): VNode {
  const { room, query } = place.value;
  const shown = room === 'search' ? (query['q'] ?? '') : '';
  const { text, isUnapplied, type } = useTyping(shown, room);
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') go(hrefOf('search', undefined, { q: text.trim() }));
      }}
    >
      <Icon name="search" />
      <input
        id={SEARCH_ID}
        type="search"
        name="q"
        dir="auto"
        maxLength={400}
        autocomplete="off"
        spellcheck={false}
        aria-label="Search: team/web, 32400, 172.16.100.195:443 or a host"
        placeholder="team/web, 32400, 172.16.100.195:443 or a host"
        class={isUnapplied ? 'unapplied' : undefined}
        value={text}
        onInput={({ currentTarget }) => type(currentTarget.value)}
      />
      <kbd aria-hidden="true">{isUnapplied ? 'Enter' : '/'}</kbd>
    </form>
  );
}
