/** The sum of i^-theta for i from 1 to `k`. */
function harmonic(k: number, theta: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += i ** -theta;
  return sum;
}

/** Requests that an oracle serves: it knows the rank of each page. */
export interface ZipfRequests {
  readonly pages: number;
  readonly theta: number;
  /** A second. */
  readonly rate: number;
}

/**
 * The least share of the pages that an oracle keeps resident at that many faults a second: it keeps
 * the k hottest, and then rate · (1 - H(k) / H(pages)) requests a second find another page.
 */
export function oracleResidentShare(faults: number, { pages, theta, rate }: ZipfRequests): number {
  const enough = harmonic(pages, theta) * (1 - faults / rate);
  let sum = 0;
  for (let k = 0; k < pages; k++) {
    if (sum >= enough) return k / pages;
    sum += (k + 1) ** -theta;
  }
  return 1;
}
