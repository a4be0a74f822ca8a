/** A value that is computed on demand and cached until it is dropped. */
export class Memo<T> {
  readonly #make: () => T;
  #held: { readonly value: T } | undefined;

  constructor(make: () => T) {
    this.#make = make;
  }

  get(): T {
    this.#held ??= { value: this.#make() };
    return this.#held.value;
  }

  invalidate(): void {
    this.#held = undefined;
  }
}
