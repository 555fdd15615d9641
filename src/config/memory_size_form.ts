import { BadValue } from "./bad_value.ts";
import { INT_MAX } from "./parse_integer.ts";
import { readString, type ValueForm } from "./value_form.ts";

const GIB = 2 ** 30;

/** `swap_threshold`: digits with g or G; bytes. */
export const memorySize: ValueForm<number> = {
  allowed: `0 to ${INT_MAX}, with g or G behind`,
  read: (raw) => {
    const [, digits, unit] = /^([0-9]+)(.*)$/s.exec(readString(raw)) ?? [];
    if (digits === undefined) throw new BadValue("not a number of GiB");
    if (unit === "") throw new BadValue("no unit");
    if (unit?.startsWith(".")) throw new BadValue("not a whole number");
    if (unit !== "g" && unit !== "G") throw new BadValue("another unit");
    if (Number(digits) > INT_MAX) throw new BadValue("out of range");
    return Number(digits) * GIB;
  },
};
