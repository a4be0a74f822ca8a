/** The filter of a room: text as on the command line, kept in the URL. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { wordsIn } from '../../../../shared/domain/text/words.ts';
import { go, place } from '../api/place.ts';
import { pauseAfter, withoutWord } from '../logic/filter.ts';
import { withQuery } from '../logic/place.ts';
import { Words } from './basic.tsx';
import { useTyping } from './typing.ts';

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
  const typing = useTyping(shown);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // What was typed before a link or a step back is not applied after it; before the next key.
  useLayoutEffect(() => () => clearTimeout(timer.current), [shown]);
  const set = (filter: string): void => {
    clearTimeout(timer.current);
    typing.apply(filter);
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
        set(typing.text);
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
        class={typing.isUnapplied ? 'unapplied' : undefined}
        value={typing.text}
        onInput={({ currentTarget: { value } }) => {
          typing.type(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => set(value), pauseAfter(value));
        }}
      />
      <Chips words={words} onRemove={(word) => set(withoutWord(shown, word))} />
    </form>
  );
}
