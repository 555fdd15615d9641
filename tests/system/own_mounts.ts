/**
 * A mount namespace with an empty /run, so that a test has the pid file's real path for itself. A
 * shell keeps it alive; commands enter it with nsenter(1), and the test sees its files through
 * /proc.
 */
export class OwnMounts implements AsyncDisposable {
  readonly #keeper: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(keeper: Bun.Subprocess<"pipe", "pipe", "inherit">) {
    this.#keeper = keeper;
  }

  /** @param prepare a shell command that is run inside once /run is empty. */
  static async create(prepare = "true"): Promise<OwnMounts> {
    const script = `mount -t tmpfs tmpfs /run && ${prepare} && echo ready && cat`;
    const keeper = Bun.spawn(["unshare", "-m", "--propagation", "private", "sh", "-c", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { value } = await keeper.stdout.getReader().read();
    if (Buffer.from(value ?? []).toString() !== "ready\n") {
      throw new Error(`Cannot make a mount namespace: unshare ended with ${await keeper.exited}`);
    }
    return new OwnMounts(keeper);
  }

  /** A command line to be put in front of one that is to run inside. */
  get enter(): string[] {
    return ["nsenter", `--mount=/proc/${this.#keeper.pid}/ns/mnt`];
  }

  /** A path inside, as it is reached from outside. */
  path(inside: string): string {
    return `/proc/${this.#keeper.pid}/root${inside}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper.stdin.end();
    await this.#keeper.exited;
  }
}
