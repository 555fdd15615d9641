/** Exit statuses of the client with their meanings, for help texts and manual pages. */
export const CLIENT_EXIT_STATUSES = [
  ["0", "done"],
  ["1", "the server refused, or the answer could not be written"],
  ["2", "wrong usage"],
  ["3", "the server cannot be reached or stopped answering"],
] as const;
