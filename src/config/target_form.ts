import { BadValue } from "./bad_value.ts";
import { integer, readString, type ValueForm } from "./value_form.ts";

/** PID_MAX_LIMIT of include/linux/threads.h on 64 bit: every pid is smaller. */
const PID_MAX_LIMIT = 4 * 1024 * 1024;

/** `value` with type=pid. */
export const pid: ValueForm<number> = integer(1, PID_MAX_LIMIT - 1);

/** `value` with type=name: what /proc/PID/comm shows (TASK_COMM_LEN of 16 with its NUL). */
export const comm: ValueForm<string> = {
  allowed: "1 to 15 letters, digits and . % / _ -",
  read: (raw) => {
    const name = readString(raw);
    if (!/^[A-Za-z0-9.%/_-]*$/.test(name)) throw new BadValue("another character in it");
    if (name.length > 15) throw new BadValue(`${name.length} characters long`);
    return name;
  },
};
