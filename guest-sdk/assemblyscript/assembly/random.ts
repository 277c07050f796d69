/** Numbers that are a function of two seeds: see Context.random. The same as PCG of Go's math/rand/v2. */
export class Random {
  constructor(
    private high: u64,
    private low: u64,
  ) {}

  /** A number of 64 bits. */
  next(): u64 {
    const factorHigh: u64 = 2549297995355413924;
    const factorLow: u64 = 4865540595714422341;
    const stepHigh: u64 = 6364136223846793005;
    const stepLow: u64 = 1442695040888963407;
    let high = highProduct(this.low, factorLow) + this.high * factorLow + this.low * factorHigh;
    let low = this.low * factorLow;
    low += stepLow;
    high += stepHigh + u64(low < stepLow);
    this.high = high;
    this.low = low;

    high ^= high >> 32;
    high *= 0xda942042e4dd58b5;
    high ^= high >> 48;
    return high * (low | 1);
  }

  /** A number from 0 to limit - 1, all as likely. The limit must not be 0. */
  below(limit: u64): u64 {
    if (limit == 0) throw new Error("there is no number below 0");
    if ((limit & (limit - 1)) == 0) return this.next() & (limit - 1);
    let number = this.next();
    if (number * limit < limit) {
      const least = (0 - limit) % limit;
      while (number * limit < least) number = this.next();
    }
    return highProduct(number, limit);
  }

  /** A number from 0 on, below 1. */
  float(): f64 {
    return <f64>((this.next() << 11) >> 11) / <f64>((<u64>1) << 53);
  }
}

/** The upper half of the 128 bits of a product. */
function highProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const other = aLow * bHigh + (middle & 0xffffffff);
  return aHigh * bHigh + (middle >> 32) + (other >> 32);
}

/** Mixes what a decision depends on into two seeds. */
export class Seed {
  private a: u64 = 0x9e3779b97f4a7c15;
  private b: u64 = 0xd1b54a32d192ed03;

  mix(value: u64): void {
    this.a = scramble(this.a ^ value);
    this.b = scramble(this.b + value);
  }

  mixBytes(from: usize, size: usize): void {
    this.mix(size);
    for (let i: usize = 0; i < size; i++) this.mix(load<u8>(from + i));
  }

  random(): Random {
    return new Random(this.a, this.b);
  }
}

/** The finalizer of SplitMix64: every bit of value influences every bit of the result. */
function scramble(value: u64): u64 {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}
