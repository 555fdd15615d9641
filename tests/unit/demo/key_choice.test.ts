import { expect, test } from "bun:test";
import { blockOfKeys, zipfKeys } from "../../../demo/key_choice.ts";
import { Random } from "../../tools/fixtures/random.ts";

const EXPONENT = 1.1;

/** How often each of `keys` is drawn in `draws`. */
function counts(next: () => number, keys: number, draws: number): number[] {
  const found = Array.from({ length: keys }, () => 0);
  for (let i = 0; i < draws; i++) found[next()]!++;
  return found;
}

test("zipfKeys() draws the key of rank r in proportion to 1 / r^1.1", () => {
  const keys = 50;
  const draws = 200_000;
  const found = counts(zipfKeys(keys, new Random(1)).next, keys, draws).sort((a, b) => b - a);
  const weights = found.map((_, i) => (i + 1) ** -EXPONENT);
  const sum = weights.reduce((a, b) => a + b);
  const chiSquared = found.reduce((total, count, i) => {
    const due = draws * weights[i]! / sum;
    return total + (count - due) ** 2 / due;
  }, 0);
  // With 49 degrees of freedom it is above 94 once in 10 000 seeds.
  expect(chiSquared).toBeLessThan(94);
});

test("zipfKeys() puts the keys that are used most anywhere among the others", () => {
  const keys = 10_000;
  const found = counts(zipfKeys(keys, new Random(2)).next, keys, 100_000);
  const places = [...found.keys()].sort((a, b) => found[b]! - found[a]!).slice(0, 400);
  const perTenth = Array.from({ length: 10 }, () => 0);
  for (const place of places) perTenth[Math.floor(place / 1000)]!++;
  // 40 each on average, with a standard deviation of 6.
  for (const count of perTenth) expect(Math.abs(count - 40)).toBeLessThan(24);
});

test("zipfKeys() draws the same keys for the same seed, each of them a key that is there", () => {
  const draw = (seed: number): number[] => {
    const { next } = zipfKeys(3, new Random(seed));
    return Array.from({ length: 200 }, next);
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new Set(draw(7))).toEqual(new Set([0, 1, 2]));
});

test("blockOfKeys() draws one key in 1500, those that were stored first", () => {
  const { about, next } = blockOfKeys(4500, new Random(1));
  expect(about).toBe("a block of 3 keys, no others");
  const found = counts(next, 4500, 3000);
  expect(found.slice(3).every((count) => count === 0)).toBe(true);
  for (const count of found.slice(0, 3)) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
