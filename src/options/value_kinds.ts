import type { ValueKind } from "./option.ts";

const INTEGER = /^\+?[0-9]{1,9}$/;

/** The longest name that fits sun_path after its leading NUL byte; see unix(7). */
const MAX_SOCKET_NAME_BYTES = 106;

/** Name of an abstract socket, without the leading NUL byte. */
export const SOCKET_NAME: ValueKind<string> = {
  placeholder: "NAME",
  allowed: `a name of 1 to ${MAX_SOCKET_NAME_BYTES} bytes`,
  parse: (text) => hasBytes(text, MAX_SOCKET_NAME_BYTES) ? text : undefined,
};

/** A plain decimal integer in a range. */
export function integerKind(placeholder: string, min: number, max: number): ValueKind<number> {
  return {
    placeholder,
    allowed: `${min} to ${max}`,
    parse: (text) => {
      const value = INTEGER.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

/** The path of a file or folder; PATH_MAX of limits.h counts the terminating NUL. */
export function pathKind(placeholder: string): ValueKind<string> {
  return {
    placeholder,
    allowed: "a path of 1 to 4095 bytes",
    parse: (text) => hasBytes(text, 4095) ? text : undefined,
  };
}

/** Whether a text has 1 to `max` bytes in UTF-8. */
export function hasBytes(text: string, max: number): boolean {
  return text !== "" && text.length <= max && new TextEncoder().encode(text).length <= max;
}
