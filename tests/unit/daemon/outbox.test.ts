import { expect, test } from "bun:test";
import { array, assert, integer, property, uint8Array } from "fast-check";
import { Outbox } from "../../../src/daemon/outbox.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

/** A peer that takes as much as a test allows. */
class Peer {
  room = Infinity;
  isGone = false;
  readonly taken: number[] = [];

  write(bytes: Uint8Array): number {
    if (this.isGone) return -1;
    const count = Math.min(this.room, bytes.length);
    this.room -= count;
    this.taken.push(...bytes.subarray(0, count));
    return count;
  }

  terminate(): void {
    this.isGone = true;
  }
}

const LIMITS = { maxQueuedBytes: 1000, stuckMs: 60_000 };

test("send() and drain() keep the order and lose nothing, whatever the peer takes at a time", () => {
  const pieces = array(uint8Array({ maxLength: 20 }), { maxLength: 20 });
  assert(property(pieces, array(integer({ min: 0, max: 30 })), (sent, rooms) => {
    const peer = new Peer();
    const outbox = new Outbox(peer, LIMITS);
    const steps = rooms.values();
    for (const piece of sent) {
      peer.room = steps.next().value ?? 0;
      outbox.send(piece);
      outbox.drain();
    }
    outbox.end();
    peer.room = Infinity;
    outbox.drain();
    expect(peer.taken).toEqual(sent.flatMap((piece) => [...piece]));
    expect(peer.isGone).toBe(true);
  }));
});

test("lag() resolves when the peer has caught up, when it is dropped, and at the end", async () => {
  const much = new Uint8Array(400);
  for (const how of ["drain", "close", "end"] as const) {
    const peer = new Peer();
    const outbox = new Outbox(peer, LIMITS);
    outbox.send(much);
    expect(outbox.lag()).toBeUndefined();
    peer.room = 0;
    outbox.send(much);
    let isOver = false;
    const over = outbox.lag()?.then(() => {
      isOver = true;
    });
    expect(outbox.lag()).toBeDefined();
    peer.room = 100;
    outbox.drain();
    await Promise.resolve();
    expect(isOver).toBe(false);
    peer.room = Infinity;
    outbox[how]();
    await over;
    expect(outbox.lag()).toBeUndefined();
  }
});

test("emptied() resolves when all is sent, when the peer is dropped, and at the end", async () => {
  for (const how of ["drain", "close", "end"] as const) {
    const peer = new Peer();
    const outbox = new Outbox(peer, LIMITS);
    outbox.send(Uint8Array.of(1));
    expect(outbox.emptied()).toBeUndefined();
    peer.room = 1;
    outbox.send(Uint8Array.of(2, 3, 4));
    let isOver = false;
    const over = outbox.emptied()?.then(() => {
      isOver = true;
    });
    peer.room = 1;
    outbox.drain();
    await Promise.resolve();
    expect(isOver).toBe(false);
    peer.room = 1;
    outbox[how]();
    await over;
    expect(isOver).toBe(true);
    expect(outbox.emptied()).toBeUndefined();
  }
});

test("end() closes only once everything is sent", () => {
  const peer = new Peer();
  const outbox = new Outbox(peer, LIMITS);
  peer.room = 1;
  outbox.send(Uint8Array.of(1, 2, 3));
  outbox.end();
  expect(peer.isGone).toBe(false);
  outbox.send(Uint8Array.of(4));
  peer.room = 10;
  outbox.drain();
  expect(peer.taken).toEqual([1, 2, 3]);
  expect(peer.isGone).toBe(true);
});

test("send() drops a peer that leaves more behind than it may", () => {
  const peer = new Peer();
  const outbox = new Outbox(peer, LIMITS);
  peer.room = 10;
  outbox.send(new Uint8Array(1010));
  expect(peer.isGone).toBe(false);
  outbox.send(new Uint8Array(1));
  expect(peer.isGone).toBe(true);
});

test("send() drops a peer that takes nothing for too long, not one that is slow", async () => {
  const slow = new Peer();
  const stuck = new Peer();
  const outboxes = [slow, stuck].map((peer) => {
    peer.room = 1;
    const outbox = new Outbox(peer, { maxQueuedBytes: 1000, stuckMs: 400 });
    outbox.send(new Uint8Array(1000));
    return outbox;
  });
  await waitFor("the stuck peer to be dropped", () => {
    slow.room = 1;
    outboxes[0]?.drain();
    return stuck.isGone;
  });
  expect(slow.isGone).toBe(false);
  outboxes[0]?.close();
});

test("send() closes when the peer is gone", () => {
  const peer = new Peer();
  const outbox = new Outbox(peer, LIMITS);
  peer.isGone = true;
  outbox.send(Uint8Array.of(1));
  outbox.drain();
  outbox.end();
  expect(peer.taken).toEqual([]);
});
