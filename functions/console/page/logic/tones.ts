/** What a colour says; it never says it alone, but beside a word. */
export type Tone = 'bad' | 'warn' | 'ok' | 'plain';
