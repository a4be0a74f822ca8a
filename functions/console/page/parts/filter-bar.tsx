/** The filter of a room: text as on the command line, kept in the URL. */
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { go, place } from '../api/place.ts';
import { pauseAfter, wordsIn, withoutWord } from '../logic/filter.ts';
import { withQuery } from '../logic/place.ts';
import { Words } from './basic.tsx';

function Chips({
  words,
  onRemove,
}: {
  readonly words: readonly string[];
  readonly onRemove: (word: string) => void;
}): VNode | null {
  if (words.length === 0) return null;
  return (
    <ul class="chips" aria-label="Terms of the filter">
      {words.map((word) => (
        <li key={word}>
          <button type="button" aria-label={`Remove ${word}`} onClick={() => onRemove(word)}>
            <Words text={word} /> <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What a person types over what the URL has. */
interface Typed {
  readonly text: string;
  readonly over: string;
}

/** Also with a space at its end, which the URL has not; anything else in the URL is newer. */
function textOf(typed: Typed | undefined, shown: string): string {
  const isCurrent = typed !== undefined && [typed.over, typed.text.trim()].includes(shown);
  return isCurrent ? typed.text : shown;
}

/** `param`: its name in the URL. */
export function FilterBar({
  param,
  label,
  placeholder,
  isTerms = false,
}: {
  readonly param: string;
  readonly label: string;
  readonly placeholder: string;
  /** Each word can be taken out. */
  readonly isTerms?: boolean;
}): VNode {
  const shown = place.value.query[param] ?? '';
  const typed = useSignal<Typed | undefined>(undefined);
  const text = textOf(typed.value, shown);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (filter: string): void => {
    clearTimeout(timer.current);
    go(withQuery(place.value, { [param]: filter.trim() }), { replace: true });
  };
  const words = isTerms ? wordsIn(shown) : [];
  return (
    <form
      class="filter"
      role="search"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        set(text);
      }}
    >
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        maxLength={2_000}
        autocomplete="off"
        spellcheck={false}
        dir="auto"
        value={text}
        onInput={({ currentTarget: { value } }) => {
          typed.value = { text: value, over: shown };
          clearTimeout(timer.current);
          timer.current = setTimeout(() => set(value), pauseAfter(value));
        }}
      />
      <Chips words={words} onRemove={(word) => set(withoutWord(shown, word))} />
    </form>
  );
}
