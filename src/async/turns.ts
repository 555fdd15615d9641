/** Resolves in a later turn of the event loop: what has come meanwhile is served before. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Beginnings of work in a turn of the event loop: less than a millisecond or two. */
const EACH_TURN = 64;

/**
 * Begins work for each item, 64 in a turn of the event loop, and waits for all of it, as
 * Promise.all() does: what thousands of items take is no pause for others.
 * @throws what the first work throws that fails.
 */
export async function allInTurns<T>(
  items: readonly T[],
  begin: (item: T) => Promise<void>,
): Promise<void> {
  const works: Promise<void>[] = [];
  for (const [i, item] of items.entries()) {
    if (i > 0 && i % EACH_TURN === 0) await nextTurn();
    const work = begin(item);
    // That it failed is told at the end.
    work.catch(() => {});
    works.push(work);
  }
  await Promise.all(works);
}
