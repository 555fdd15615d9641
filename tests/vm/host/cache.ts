import { homedir } from "node:os";
import { join } from "node:path";

const { VMDIR, XDG_CACHE_HOME } = process.env;

/** Where the root images and the stock kernels lie, as in scripts/vm_image.sh. */
export const CACHE = VMDIR ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "etmem-vm");
