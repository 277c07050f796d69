/** How many bytes behind what is read or written can be touched without harm: see token and matches. */
export const SLACK: usize = 8;

/** Memory that grows, outside of what the collector looks at. */
export class Buffer {
  start: usize = 0;
  /** Where the content ends, while no Writer writes to it. */
  end: usize = 0;
  capacity: usize = 0;

  /** How many bytes the content has. */
  get size(): usize {
    return this.end - this.start;
  }

  /** Makes room for this many bytes in all. The content stays. */
  reserve(size: usize): void {
    if (size <= this.capacity) return;
    const capacity = max<usize>(size + (size >> 1), 1024);
    const length = this.size;
    this.start = this.start == 0 ? heap.alloc(capacity + SLACK) : heap.realloc(this.start, capacity + SLACK);
    this.end = this.start + length;
    this.capacity = capacity;
  }
}
