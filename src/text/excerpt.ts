const LONGEST = 80;

/**
 * Text of a file as it can stand in a one-line message: 80 characters at most,
 * control ones escaped.
 */
export function excerpt(text: string): string {
  return withoutControls(text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);
}

/** Text of any length on one line, control characters escaped. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{C}|\p{Zl}|\p{Zp}/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`;
}
