/**
 * The objects of a value that is being read, by their numbers: in lists of a length that engines have memory at hand for.
 * One list of many thousands would be moved to new memory again and again while it grows.
 */

const LIST_LENGTH = 4096;

export class Objects {
  /** Those from number `first` on; the lists before it are full. */
  private last: unknown[] = [];
  private first = 0;
  private readonly full: unknown[][] = [];

  get count(): number {
    return this.first + this.last.length;
  }

  add(object: unknown): void {
    if (this.last.length === LIST_LENGTH) {
      this.full.push(this.last);
      this.last = [];
      this.first += LIST_LENGTH;
    }
    this.last.push(object);
  }

  get(number: number): unknown {
    return this.listOf(number)[number % LIST_LENGTH];
  }

  /** In the place of what was there. */
  set(number: number, object: object): void {
    const at = number - this.first;
    if (at >= 0) this.last[at] = object;
    else this.listOf(number)[number % LIST_LENGTH] = object;
  }

  /** Forgets those whose numbers are not below `count`. */
  cut(count: number): void {
    while (count < this.first) {
      this.last = this.full.pop()!;
      this.first -= LIST_LENGTH;
    }
    this.last.length = count - this.first;
  }

  private listOf(number: number): unknown[] {
    return number >= this.first ? this.last : this.full[Math.floor(number / LIST_LENGTH)]!;
  }
}
