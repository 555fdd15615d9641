import { dlopen, type Pointer, ptr, read as readMemory, toBuffer } from "bun:ffi";

/** Opens the GLib of the system; each symbol stands with its C prototype (gsize is size_t). */
function open() {
  return dlopen("libglib-2.0.so.0", {
    // GKeyFile *g_key_file_new(void)
    g_key_file_new: { args: [], returns: "ptr" },
    // gboolean g_key_file_load_from_data(GKeyFile *key_file, const gchar *data, gsize length,
    //                                    GKeyFileFlags flags, GError **error)
    g_key_file_load_from_data: { args: ["ptr", "ptr", "u64", "i32", "ptr"], returns: "i32" },
    // void g_key_file_free(GKeyFile *key_file)
    g_key_file_free: { args: ["ptr"], returns: "void" },
    // void g_error_free(GError *error)
    g_error_free: { args: ["ptr"], returns: "void" },
  }).symbols;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

let opened: ReturnType<typeof open> | undefined;

/** GLib, loaded when it is first asked for: only third-party engines need it. */
function glib(): ReturnType<typeof open> {
  opened ??= open();
  return opened;
}

/** A pointer as Bun returns it; user addresses of x86_64 and aarch64 are safe integers. */
function narrow(raw: Pointer | bigint | number | null): Pointer | null {
  return raw === null || Number(raw) === 0 ? null : Number(raw) as Pointer;
}

/** What GLib says no to: the message of a GError. */
export class GlibError extends Error {
  override readonly name = "GlibError";
}

/** Where a `GError *` lands: { GQuark domain (u32); gint code; gchar *message at offset 8 }. */
class ErrorSlot {
  readonly #slot = new BigUint64Array(1);

  get address(): Pointer {
    return ptr(this.#slot);
  }

  /** @throws {GlibError} when an error was put here; the GError is freed. */
  throwIfSet(): void {
    const error = narrow(this.#slot[0] ?? null);
    if (error === null) return;
    const message = narrow(readMemory.ptr(error, 8));
    const text = message === null ? "no message" : decoder.decode(bytesAt(message));
    glib().g_error_free(error);
    throw new GlibError(text);
  }
}

/**
 * A copy of the NUL-terminated string at an address: without a length toBuffer looks for the NUL.
 */
function bytesAt(string: Pointer): Uint8Array {
  return readMemory.u8(string, 0) === 0 ? new Uint8Array() : new Uint8Array(toBuffer(string));
}

const G_KEY_FILE_NONE = 0;

/**
 * A GKeyFile of the real GLib (docs.gtk.org/glib/struct.KeyFile.html), for third-party engines,
 * which are handed its address. `using` frees it.
 */
export class GKeyFile implements Disposable {
  /** The `GKeyFile *`, until it is disposed of. */
  readonly address: Pointer;

  /** Parses key file text with flags NONE. @throws {GlibError} when GLib refuses it. */
  constructor(text: Uint8Array) {
    const address = narrow(glib().g_key_file_new());
    if (address === null) throw new GlibError("g_key_file_new returned NULL");
    this.address = address;
    const error = new ErrorSlot();
    // An empty view has no address of its own; the length says that no byte of this one is read.
    const data = text.length === 0 ? new Uint8Array(1) : text;
    glib().g_key_file_load_from_data(
      address,
      ptr(data),
      text.length,
      G_KEY_FILE_NONE,
      error.address,
    );
    try {
      error.throwIfSet();
    } catch (refusal) {
      this[Symbol.dispose]();
      throw refusal;
    }
  }

  /** g_key_file_free. */
  [Symbol.dispose](): void {
    glib().g_key_file_free(this.address);
  }
}
