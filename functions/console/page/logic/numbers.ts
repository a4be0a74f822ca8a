/** Numbers that people type. Pure. */

/** Undefined for what is empty, no whole number, or out of bounds: it must not count as another. */
export function wholeNumber(
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const number = /^\d{1,7}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}
