/** Exit statuses of the client. */
export const EXIT = { done: 0, refused: 1, wrongUsage: 2, noAnswer: 3 } as const;

/** What they mean, for help texts and manual pages. */
export const CLIENT_EXIT_STATUSES: readonly (readonly [status: string, meaning: string])[] = [
  [`${EXIT.done}`, "done"],
  [`${EXIT.refused}`, "the server refused, or the answer could not be written"],
  [`${EXIT.wrongUsage}`, "wrong usage"],
  [`${EXIT.noAnswer}`, "the server cannot be reached or stopped answering"],
];
