import type { ValueKind } from "../options/option.ts";

/** Where a server listens. */
export interface ListenAddress {
  /** A numeric address of IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
  /** As it was given. */
  readonly text: string;
}

const IPV4 = /^(?<address>[0-9.]+):(?<port>[0-9]{1,5})$/;
const IPV6 = /^\[(?<address>[0-9a-fA-F.]*:[0-9a-fA-F:.]*)\]:(?<port>[0-9]{1,5})$/;
const MAX_PORT = 65_535;

/** Numeric address and port; port 0 is one that is free. */
export const LISTEN_ADDRESS: ValueKind<ListenAddress> = {
  placeholder: "ADDRESS",
  allowed: "a numeric address and a port, such as 127.0.0.1:9819 or [::1]:9819",
  parse: (text) => {
    const { address, port } = (IPV4.exec(text) ?? IPV6.exec(text))?.groups ?? {};
    if (address === undefined || port === undefined || Number(port) > MAX_PORT) return undefined;
    // The parser of URLs knows addresses; it would complete 127.1 and convert 010.0.0.1.
    const host = address.includes(":") ? `[${address}]` : address;
    const parsed = URL.parse(`http://${host}`)?.hostname;
    if (parsed === undefined || (host === address && parsed !== address)) return undefined;
    return { address, port: Number(port), text };
  },
};
