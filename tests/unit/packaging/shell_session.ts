import { waitFor } from "../../tools/fixtures/wait_for.ts";

const MARK = "@line@";
/** Where each shell's own files are not read, so that only our completion is there. */
const COMMANDS = {
  bash: ["bash", "--norc", "--noprofile", "-i"],
  zsh: ["zsh", "-f", "-i"],
} as const;

/**
 * How each shell is told to insert all completions into the line on ^X^A, and to print the line on
 * ^X^P; see bash(1), insert-completions, and zshcompsys(1), _all_matches.
 */
const SETUP = {
  bash: (script: string) => [
    "bind 'set enable-bracketed-paste off'",
    String.raw`bind '"\C-x\C-a": insert-completions'`,
    String.raw`bind -x '"\C-x\C-p": printf "\n%s%s%s\n" "@li" "ne@" "$READLINE_LINE<"'`,
    `source ${script}`,
  ],
  zsh: (script: string) => [
    // As it is installed: compinit finds it by its first line.
    `fpath=(${script.slice(0, script.lastIndexOf("/"))} $fpath)`,
    "unset zle_bracketed_paste; autoload -Uz compinit && compinit -D -u",
    "zle -C all complete-word _generic; zstyle ':completion:all:*' completer _all_matches _complete",
    "zstyle ':completion:all:*' insert true; zstyle ':completion:all:*' old-matches false",
    `show() { print; print -r -- "@li""ne@$BUFFER<" }; zle -N show; bindkey '^X^A' all '^X^P' show`,
  ],
} as const;

/** An interactive shell on a terminal of its own, with our completion script. */
export class ShellSession implements Disposable {
  readonly #shell: Bun.Subprocess;
  readonly #terminal: Bun.Terminal;
  #output = "";

  private constructor(kind: keyof typeof COMMANDS, env: Readonly<Record<string, string>>) {
    const decoder = new TextDecoder();
    this.#terminal = new Bun.Terminal({
      cols: 1000,
      rows: 50,
      data: (_terminal, bytes) => {
        this.#output += decoder.decode(bytes, { stream: true });
      },
    });
    this.#shell = Bun.spawn([...COMMANDS[kind]], {
      terminal: this.#terminal,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: "/nonexistent",
        LC_ALL: "C.UTF-8",
        TERM: "dumb",
        ...env,
      },
    });
  }

  /** Starts a shell and has it read a completion script. */
  static async start(
    kind: keyof typeof COMMANDS,
    script: string,
    env: Readonly<Record<string, string>>,
  ): Promise<ShellSession> {
    const session = new ShellSession(kind, env);
    for (const line of SETUP[kind](script)) session.#type(`${line}\r`);
    session.#type("echo re''ady\r");
    await waitFor(`${kind} to be ready`, () => session.#output.includes("ready"));
    return session;
  }

  /**
   * Types the beginning of a line and completes it.
   * @returns the line with all completions in place of its last word.
   */
  async complete(line: string): Promise<string> {
    this.#output = "";
    this.#type(`${line}\x18\x01\x18\x10`);
    const completed = await waitFor(
      `"${line}" to be completed`,
      () => new RegExp(`${MARK}(.*)<`).exec(this.#output),
    );
    // The end of the line and ^U: the whole line is taken away for the next.
    this.#type("\x05\x15");
    return completed[1]?.trimEnd() ?? "";
  }

  /** What the shell has written since the last line was typed. */
  get output(): string {
    return this.#output;
  }

  #type(text: string): void {
    this.#terminal.write(text);
  }

  [Symbol.dispose](): void {
    this.#shell.kill("SIGKILL");
    this.#terminal.close();
  }
}
