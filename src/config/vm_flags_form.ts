import { BadValue } from "./bad_value.ts";
import { excerpt } from "./excerpt.ts";
import { byteLength, type ValueForm } from "./value_form.ts";
import { unescapeString } from "./unescape_string.ts";

/** `vm_flags`: mnemonics of the VmFlags line of /proc/PID/smaps (proc_pid_smaps(5)), each once. */
export const vmFlags: ValueForm<readonly string[]> = {
  allowed: "flags of two small letters, separated by blanks, in fewer than 256 bytes",
  read: (raw, warn) => {
    const text = unescapeString(raw);
    if (byteLength(text) > 255) throw new BadValue(`${byteLength(text)} bytes long`);
    const flags = text.split(/[ \t]+/).filter((flag) => flag !== "");
    if (flags.length === 0) throw new BadValue("no flag, leave the key out to scan every VMA");
    const wrong = flags.find((flag) => !/^[a-z]{2}$/.test(flag));
    if (wrong !== undefined) throw new BadValue(`"${excerpt(wrong)}" is not a flag`);
    if (!flags.includes("ht")) warn("does not have ht, the only flag for memory on AEP");
    return [...new Set(flags)];
  },
};
