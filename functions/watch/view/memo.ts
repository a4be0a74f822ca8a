/** A value that is worked out when it is asked for, and then kept until it is dropped. */
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
