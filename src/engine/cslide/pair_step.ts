/**
 * A piece of the work on a pair of nodes: `down` leaves DRAM and makes the room for `up`. One of
 * the two may be empty. Pages go up as soon as enough have gone down for them, so that a step needs
 * no more free memory on either node than the plan counted with.
 *
 * A plan names its pages three times: by number (BucketSlice), by index (PageList), and by process
 * and page number (MoveList). The step keeps its shape.
 */
export interface PairStep<Pages> {
  readonly down: readonly Pages[];
  readonly up: readonly Pages[];
}

/** Names the pages of a step in another way. */
export function mapStep<From, To>(
  { down, up }: PairStep<From>,
  toLists: (pages: From) => To | readonly To[],
): PairStep<To> {
  return { down: down.flatMap(toLists), up: up.flatMap(toLists) };
}
