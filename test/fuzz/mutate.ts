import fc from "fast-check";

/** One damage to a text of bytes as characters. */
type Damage = (text: string) => string;

/**
 * Texts that are near to good ones: some as they are, most damaged in a few places (bytes changed, cut out, doubled,
 * put elsewhere, two texts in one), with what is special to the format put in.
 *
 * @param samples good texts, latin-1
 * @param tokens what means something in the format: `<`, `]]>`, `"`
 */
export function mutated(samples: readonly string[], tokens: readonly string[]): fc.Arbitrary<string> {
  const token = fc.constantFrom(...tokens, "\0", "\n", "\xff", "\xc3", "A".repeat(5000));
  const at = fc.nat({ max: 4096 });
  const length = fc.oneof({ arbitrary: fc.nat(4), weight: 4 }, fc.nat(200));
  const place = (text: string, point: number): number => (text.length === 0 ? 0 : point % (text.length + 1));
  const damage: fc.Arbitrary<Damage> = fc.oneof(
    fc.tuple(at, length, token).map(
      ([a, n, by]): Damage =>
        (t) => {
          const start = place(t, a);
          return t.slice(0, start) + by + t.slice(start + n);
        },
    ),
    fc.tuple(at, fc.nat(255)).map(
      ([a, code]): Damage =>
        (t) => {
          const start = place(t, a);
          return t.slice(0, start) + String.fromCharCode(code) + t.slice(start + 1);
        },
    ),
    fc.tuple(at, length).map(
      ([a, n]): Damage =>
        (t) => {
          const start = place(t, a);
          return t.slice(0, start) + t.slice(start, start + n).repeat(3) + t.slice(start + n);
        },
    ),
    at.map(
      (a): Damage =>
        (t) =>
          t.slice(0, place(t, a)),
    ),
    fc.tuple(at, at, fc.constantFrom(...samples)).map(
      ([a, b, other]): Damage =>
        (t) =>
          t.slice(0, place(t, a)) + other.slice(place(other, b)),
    ),
  );
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(damage, { maxLength: 4 }))
    .map(([sample, damages]) => damages.reduce((text, change) => change(text), sample));
}
