import { untilAborted } from "../async/abortable.ts";

/** The signals that tell a command to end. */
export interface CommandSignals {
  /** Its answer is no longer wanted. */
  readonly signal: AbortSignal;
  /** Its engine is about to be stopped and must be free at once. */
  readonly urgent: AbortSignal;
}

/** The commands that an engine runs at the moment. */
export class RunningCommands {
  readonly #running = new Set<
    { readonly giveUp: AbortController; readonly hurry: AbortController }
  >();

  /**
   * Runs a command, until it is done, `wanted` fires or giveUp() is called.
   * @throws what the command throws, or the reason of `wanted` or giveUp():
   * then the engine may still be at work.
   */
  async run(
    wanted: AbortSignal,
    command: (signals: CommandSignals) => Promise<void>,
  ): Promise<void> {
    const mine = { giveUp: new AbortController(), hurry: new AbortController() };
    const signal = AbortSignal.any([wanted, mine.giveUp.signal]);
    signal.throwIfAborted();
    this.#running.add(mine);
    const work = command({ signal, urgent: mine.hurry.signal }).finally(() => {
      this.#running.delete(mine);
    });
    await untilAborted(signal, work);
  }

  /** Whether a command runs that was not given up. */
  get isBusy(): boolean {
    return [...this.#running].some(({ giveUp }) => !giveUp.signal.aborted);
  }

  /**
   * Gives up all running commands.
   * @param isUrgent whether the engine is to end its work on them at once.
   */
  giveUp(reason: Error, { isUrgent }: { readonly isUrgent: boolean }): void {
    for (const { giveUp, hurry } of this.#running) {
      giveUp.abort(reason);
      if (isUrgent) hurry.abort(reason);
    }
  }
}
