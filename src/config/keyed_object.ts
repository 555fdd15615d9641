import type { FileObject } from "./file_objects.ts";
import type { Findings } from "./findings.ts";
import type { KeyFileEntry } from "./key_file.ts";
import type { Keys, KeyTable } from "./key_table.ts";
import { BadValue, UnsupportedValue, type ValueForm } from "./value_form.ts";

/** An object of a file, with the table of its keys and the findings that its values come to. */
export class KeyedObject<K extends Keys = Keys> {
  readonly object: FileObject;
  readonly table: KeyTable<K>;
  readonly findings: Findings;

  constructor(object: FileObject, table: KeyTable<K>, findings: Findings) {
    this.object = object;
    this.table = table;
    this.findings = findings;
  }

  /** The entry that counts for a key, under its own name or an alias: GLib takes the last one. */
  entry(key: string): KeyFileEntry | undefined {
    const { entries } = this.object;
    const { aliases = {} } = this.table;
    return entries.findLast((entry) => entry.key === key) ??
      entries.findLast((entry) => Object.hasOwn(aliases, entry.key) && aliases[entry.key] === key);
  }

  /** Reads a value. @returns undefined when it was refused, which is in the findings then. */
  read<T>(entry: KeyFileEntry, form: ValueForm<T>): { readonly value: T } | undefined {
    const { object, findings } = this;
    const hasComment = /(?:^[0-9]\w*|^|[ \t])(?:#|\/\/ )/.test(entry.value);
    try {
      const value = form.read(entry.value, (remark) => findings.warnOfValue(object, entry, remark));
      if (hasComment) findings.warnOfValue(object, entry, "a comment would need a line of its own");
      return { value };
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      if (error instanceof UnsupportedValue) {
        findings.refuseUnsupported(object, entry, form.allowed);
        return undefined;
      }
      const problem = hasComment ? "comments need a line of their own" : error.message;
      findings.refuseValue(object, entry, problem, form.allowed);
      return undefined;
    }
  }

  /** Warns of the value of a key. Does nothing where the object does not have the key. */
  warn(key: string, remark: string): void {
    const entry = this.entry(key);
    if (entry !== undefined) this.findings.warnOfValue(this.object, entry, remark);
  }

  /** Refuses the value of a key. Does nothing where the object does not have the key. */
  refuse(key: string, problem: string, allowed: string): void {
    const entry = this.entry(key);
    if (entry !== undefined) this.findings.refuseValue(this.object, entry, problem, allowed);
  }
}
