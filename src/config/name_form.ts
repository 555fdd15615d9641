import { BadValue } from "./bad_value.ts";
import { byteLength, readString, type ValueForm } from "./value_form.ts";

/** Longest name; the original took one byte more. */
const LONGEST_NAME = 63;

/** The name of a project, an engine or a task. */
export const objectName: ValueForm<string> = {
  allowed: `1 to ${LONGEST_NAME} bytes without blanks, not -`,
  read: (raw, warn) => {
    const name = readString(raw);
    const bytes = byteLength(name);
    // v1 requests carry names between blanks, and - for none.
    if (name === "-") throw new BadValue("stands for no name");
    if (/[\p{Cc} ]/u.test(name)) throw new BadValue("a blank or control character in it");
    if (bytes > LONGEST_NAME + 1) throw new BadValue(`${bytes} bytes long`);
    if (bytes > LONGEST_NAME) {
      warn(`is ${bytes} bytes long, which old files may be: allowed is ${LONGEST_NAME}`);
    }
    return name;
  },
};

/** Engines that we have; third-party ones are told apart by their eng_name. */
export const ENGINE_KINDS = ["slide", "cslide", "thirdparty"] as const;

/** Engines that the original has beyond its document. */
export const UNSUPPORTED_ENGINES: readonly string[] = ["memdcd", "damon", "psi"];

/** eng_name: what a third-party engine is called, so it cannot be the name of another engine. */
export const engineName: ValueForm<string> = {
  allowed: `${objectName.allowed}, not the name of another engine`,
  read: (raw, warn) => {
    const name = objectName.read(raw, warn);
    if ([...ENGINE_KINDS, ...UNSUPPORTED_ENGINES].includes(name)) throw new BadValue("reserved");
    return name;
  },
};

/** The engine of a task; whether it exists is not asked here. */
export const engineReference: ValueForm<string> = {
  allowed: "slide, cslide or the eng_name of a third-party engine",
  read: (raw, warn) => {
    const name = objectName.read(raw, warn);
    if (UNSUPPORTED_ENGINES.includes(name)) throw new BadValue("not supported by this version");
    return name;
  },
};
