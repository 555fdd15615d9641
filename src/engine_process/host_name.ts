/** What an engine's host is called in argv[0] and /proc/PID/comm: never a target, as it begins with the server's name. */
export const HOST_NAME = "etmemd-engine";
