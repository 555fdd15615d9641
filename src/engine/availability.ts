import type { Availability } from "../status/server_status.ts";

/** Whether this machine offers a tracker or mover, asked anew at each call. */
export function availability<Name extends string>(
  { name, missing }: { readonly name: Name; readonly missing: () => string | undefined },
): Availability & { name: Name } {
  const reason = missing();
  return reason === undefined ? { name, available: true } : { name, available: false, reason };
}
