import { expect, test } from "bun:test";
import { close, read, write } from "../../../ffi/libc.ts";
import {
  closePair,
  receiveDescriptor,
  sendDescriptor,
  shutDown,
  socketPair,
} from "../../../ffi/unix_socket.ts";
import { openSockets } from "../../tools/fixtures/descriptors.ts";

test("sendDescriptor() gives another descriptor for the same socket", () => {
  const before = openSockets();
  const [here, there] = socketPair();
  const [one, other] = socketPair();
  sendDescriptor(here, other);
  const received = receiveDescriptor(there);
  expect(received).not.toBe(other);
  close(other);
  write(received, Buffer.from("hello"), 5);
  const text = new Uint8Array(8);
  expect(read(one, text, 8)).toBe(5);
  expect(Buffer.from(text.subarray(0, 5)).toString()).toBe("hello");
  shutDown(received);
  expect(read(one, text, 8)).toBe(0);
  close(received);
  close(one);
  closePair([here, there]);
  expect(openSockets().filter((socket) => !before.includes(socket))).toEqual([]);
});

test("receiveDescriptor() throws when the peer is gone or sends none", () => {
  const [here, there] = socketPair();
  write(here, Buffer.from("x"), 1);
  expect(() => receiveDescriptor(there)).toThrow("Cannot receive a descriptor");
  close(here);
  expect(() => receiveDescriptor(there)).toThrow("Cannot receive a descriptor");
  expect(() => sendDescriptor(there, 0)).toThrow("EPIPE");
  close(there);
});

test("sendDescriptor() never waits for a peer that takes nothing", () => {
  const [here, there] = socketPair();
  const fill = (): void => {
    for (;;) sendDescriptor(here, 0);
  };
  expect(fill).toThrow("EAGAIN");
  close(receiveDescriptor(there));
  closePair([here, there]);
});
