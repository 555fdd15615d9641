import { MovedSet } from "../../mover/moved_set.ts";
import type { TrackerKind } from "../../tracker/tracker.ts";
import type { SeenAccesses } from "./scan_step.ts";

/** A task on an address space, by what its tracker tells apart. */
export interface Watcher {
  readonly task: object;
  readonly granularity: TrackerKind["granularity"];
}

/** What other tasks have seen since a task scanned last. */
interface Missed {
  readonly used: MovedSet;
  readonly moved: MovedSet;
  readonly read: MovedSet;
  windowStartMs: number | undefined;
}

/** What is known for a task that needs to know. */
interface Follower {
  readonly granularity: Watcher["granularity"];
  /** Undefined: nothing was missed; "lost": it is not known what. */
  missed: Missed | "lost" | undefined;
}

/**
 * What the tasks on an address space have seen of it, by its key: each scan clears what it sees, so
 * each task needs what the others saw since its own last scan. That takes three bits a page and
 * task at most. What a tracker sees that tells only VMAs apart says nothing of pages, and the other
 * way round.
 */
export class SpaceAccesses {
  readonly #spaces = new Map<string, Map<object, Follower>>();
  /** By task, the address spaces that it knows. */
  readonly #spacesOf = new WeakMap<object, Set<string>>();

  /** A task has scanned, knows all accesses up to now, and needs to know those to come. */
  follow(space: string, { task, granularity }: Watcher): void {
    const follower = { granularity, missed: undefined };
    const followers = this.#spaces.get(space);
    if (followers === undefined) this.#spaces.set(space, new Map([[task, follower]]));
    else followers.set(task, follower);
    const spaces = this.#spacesOf.get(task);
    if (spaces === undefined) this.#spacesOf.set(task, new Set([space]));
    else spaces.add(space);
  }

  /** Whether other tasks need to know what this one sees. */
  isFollowed(space: string, { task, granularity }: Watcher): boolean {
    for (const [other, follower] of this.#spaces.get(space) ?? []) {
      if (other !== task && follower.granularity === granularity) return true;
    }
    return false;
  }

  /** Adds what a task has seen. @param seen undefined: it is not known. */
  add(space: string, { task, granularity }: Watcher, seen: SeenAccesses | undefined): void {
    for (const [other, follower] of this.#spaces.get(space) ?? []) {
      if (other === task || follower.missed === "lost") continue;
      const isKnown = seen !== undefined && follower.granularity === granularity;
      follower.missed = isKnown ? withMore(follower.missed ?? nothing(), seen) : "lost";
    }
  }

  /**
   * What a task has missed since its last scan, in arrays of its own.
   * @returns undefined where that is not known.
   */
  missed(space: string, { task }: Watcher): SeenAccesses | undefined {
    const follower = this.#spaces.get(space)?.get(task);
    if (follower === undefined || follower.missed === "lost") return undefined;
    const { used, moved, read, windowStartMs } = follower.missed ?? nothing();
    return {
      used: used.toData(),
      moved: moved.toData(),
      read: read.toData(),
      ...(windowStartMs === undefined ? {} : { windowStartMs }),
    };
  }

  /** Forgets what a task has missed in other address spaces than these. */
  forgetAllBut(spaces: ReadonlySet<string>, task: object): void {
    const mine = this.#spacesOf.get(task);
    for (const space of mine ?? []) {
      if (spaces.has(space)) continue;
      mine!.delete(space);
      const followers = this.#spaces.get(space);
      followers?.delete(task);
      if (followers?.size === 0) this.#spaces.delete(space);
    }
  }

  /** Address spaces that are remembered. @internal */
  get size(): number {
    return this.#spaces.size;
  }
}

function nothing(): Missed {
  return {
    used: new MovedSet(),
    moved: new MovedSet(),
    read: new MovedSet(),
    windowStartMs: undefined,
  };
}

function withMore(missed: Missed, seen: SeenAccesses): Missed {
  missed.used.addAll(MovedSet.fromData(seen.used));
  missed.moved.addAll(MovedSet.fromData(seen.moved));
  missed.read.addAll(MovedSet.fromData(seen.read));
  missed.windowStartMs = seen.windowStartMs ?? missed.windowStartMs;
  return missed;
}
