import type { ObjectKind } from "./file_objects.ts";
import type { ValueForm } from "./value_form.ts";

/** What is to be known of a key: enough to read it, and to write manuals of it. */
export interface KeySpec<T> {
  readonly form: ValueForm<T>;
  readonly mandatory: boolean;
  /** The value that counts when the key is missing, as it would stand in the file. */
  readonly default?: string;
  /** A short phrase, units included. */
  readonly meaning: string;
  /** A value for manuals, as it would stand in the file. */
  readonly example: string;
}

/** Keys by name, in the order of messages and manuals. */
export type Keys = Readonly<Record<string, KeySpec<unknown>>>;

/** The keys of a kind of group. */
export interface KeyTable<K extends Keys = Keys> {
  readonly group: ObjectKind;
  /** The kind of engine whose groups these are; undefined: of all engines, or of none. */
  readonly engine?: string;
  /** For messages: `[project]`, `[task] of slide`. */
  readonly title: string;
  readonly keys: K;
  /** Names that are taken for a key, with a warning, when the key itself is missing. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Other keys are a third-party engine's own. */
  readonly hasPrivateKeys?: boolean;
}

/** What reading a group by its table gives. */
export type ValuesOf<K> = {
  readonly [Key in keyof K]: K[Key] extends { readonly form: ValueForm<infer T> }
    ? K[Key] extends { readonly mandatory: true } | { readonly default: string } ? T : T | undefined
    : never;
};
