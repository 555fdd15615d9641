import { isatty } from "node:tty";

/** What the place can show that a drawing goes to. */
export interface TerminalStyle {
  readonly columns: number;
  /** Whether the locale has more than ASCII. */
  readonly isUtf8: boolean;
}

/** Where nothing tells: what the tables of `etmem status` are made for. */
const COLUMNS = 100;
const STDOUT = 1;

/** Whether the locale's characters are UTF-8; see locale(7). */
export function isUtf8(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) =>
    value !== undefined && value !== ""
  );
  return /utf-?8/i.test(locale ?? "");
}

/** The style of standard output. @param environment its locale, as locale(7) says. */
export function terminalStyle(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): TerminalStyle {
  return {
    columns: (isatty(STDOUT) ? process.stdout.columns : undefined) || COLUMNS,
    isUtf8: isUtf8(environment),
  };
}
