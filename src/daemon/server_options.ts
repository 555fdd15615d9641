import { formatOptionList, formatPairs, formatSynopsis } from "../options/format_options.ts";
import type { OptionTable, ParsedOptions } from "../options/option.ts";
import { parseOptions, type ParseResult } from "../options/parse_options.ts";
import { integerKind, pathKind, SOCKET_NAME } from "../options/value_kinds.ts";
import { LOG_LEVELS } from "../log/logger.ts";

/** The options of etmemd. */
export const SERVER_OPTIONS = {
  socket: {
    long: "socket",
    short: "s",
    about: "name of the abstract socket that clients connect to",
    value: SOCKET_NAME,
    required: true,
    once: true,
  },
  logLevel: {
    long: "log-level",
    short: "l",
    about: `${LOG_LEVELS.map((level, n) => `${n} ${level}`).join(", ")}; default 3`,
    value: integerKind("LEVEL", 0, LOG_LEVELS.length - 1),
  },
  modeSystemctl: {
    long: "mode-systemctl",
    short: "m",
    about: "run in the background, for a systemd service of Type=forking",
  },
  confDir: {
    long: "conf-dir",
    about: "have the configuration files in DIR say what runs",
    value: pathKind("DIR"),
  },
  moveRate: {
    long: "move-rate",
    about: "the most that all tasks of slide together swap in a second, in MiB",
    value: integerKind("MIB", 1, 100_000),
  },
} as const satisfies OptionTable;

export type ServerOptions = ParsedOptions<typeof SERVER_OPTIONS>;

/** Parses the arguments of etmemd. @throws {UsageError} for the first mistake. */
export function parseServerOptions(
  args: readonly string[],
): ParseResult<typeof SERVER_OPTIONS> {
  return parseOptions("etmemd", SERVER_OPTIONS, args);
}

/** Exit statuses of etmemd with their meanings, for help texts and manual pages. */
export const SERVER_EXIT_STATUSES = [
  ["0", "a signal ended the server, or with -m it is ready"],
  ["1", "the server could not start, or something went wrong within"],
  ["2", "wrong usage"],
] as const;

/** The text of `etmemd --help`. */
export function serverHelp(): string {
  return `etmemd: server of etmem, watches which memory of chosen processes is used and moves the rest
to swap or to a slow NUMA node. It needs root, and etmem controls it through the socket.

Usage:
  etmemd ${formatSynopsis(SERVER_OPTIONS)}

Options:
${formatOptionList(Object.values(SERVER_OPTIONS))}
Exit status:
${formatPairs(SERVER_EXIT_STATUSES)}
See etmemd(8), etmem(1) and etmem.conf(5).
`;
}
