/**
 * What is wrong with the open descriptors of a server at rest, by what they refer to,
 * against an earlier time at rest.
 */
export function descriptorFaults(before: readonly string[], now: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const kind of now) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  for (const kind of before) counts.set(kind, (counts.get(kind) ?? 0) - 1);
  return [...counts].filter(([, more]) => more > 0).map(([kind, more]) =>
    `${more} more of ${kind}`
  );
}
