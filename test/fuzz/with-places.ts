/** The value with other ones at some places of it; places are counted from the top down, the value itself is 0. */
export function withPlaces(
  value: unknown,
  changes: readonly (readonly [at: number, value: unknown])[],
): unknown {
  let changed = value;
  for (const [at, other] of changes) changed = withPlace(changed, { left: at }, other);
  return changed;
}

function withPlace(value: unknown, turn: { left: number }, other: unknown): unknown {
  if (turn.left-- === 0) return other;
  if (Array.isArray(value)) return value.map((element: unknown) => withPlace(element, turn, other));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withPlace(member, turn, other)]),
  );
}
