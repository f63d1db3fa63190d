/**
 * A queue of things that fall due: the earliest deadline comes first, and of equal deadlines the one that was added
 * first.
 *
 * Programs set many timers with few different delays, and call most of them off. So items of equal delay stand in a
 * lane, where the last to come is the last to go, since time does not go back; and a binary heap orders the lanes by
 * their first items. Adding and removing take a few steps wherever a lane's first item stays the same, otherwise
 * O(log lanes). An item that is called off leaves at once.
 */

/** What stands in a queue; the fields are the queue's. */
export class Due {
  /** In milliseconds of the owner's clock. */
  deadline = 0;
  /** How many items were added before this one. */
  order = 0;
  lane: Lane | undefined = undefined;
  previous: Due | undefined = undefined;
  next: Due | undefined = undefined;
}

/** Items of one delay, linked in the order of their deadlines. It is in the heap as long as it has any. */
class Lane {
  readonly delay: number;
  first: Due;
  last: Due;
  /** In the heap. */
  place = 0;

  constructor(delay: number, only: Due) {
    this.delay = delay;
    this.first = only;
    this.last = only;
  }
}

export class DeadlineQueue<Item extends Due> {
  readonly #lanes = new Map<number, Lane>();
  readonly #heap: Lane[] = [];
  #added = 0;
  #size = 0;

  get first(): Item | undefined {
    return this.#heap[0]?.first as Item | undefined;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds an item that is due `delay` milliseconds after `now`, which no earlier call's `now` exceeds. */
  add(item: Item, now: number, delay: number): void {
    item.deadline = now + delay;
    item.order = this.#added++;
    this.#size++;
    const lane = this.#lanes.get(delay);
    if (lane) {
      item.lane = lane;
      item.previous = lane.last;
      lane.last.next = item;
      lane.last = item;
    } else {
      item.lane = new Lane(delay, item);
      this.#lanes.set(delay, item.lane);
      this.#rise(item.lane, this.#heap.length);
    }
  }

  /** Takes an item out, wherever it stands; one that is not in the queue is left alone. */
  remove(item: Item): void {
    const { lane, previous, next } = item;
    if (!lane) return;
    this.#size--;
    item.lane = item.previous = item.next = undefined;
    if (previous) previous.next = next;
    if (next) next.previous = previous;
    else if (previous) lane.last = previous;
    if (previous) return;
    if (next) {
      lane.first = next;
      this.#sink(lane, lane.place);
    } else {
      this.#close(lane);
    }
  }

  clear(): void {
    for (let item = this.first; item; item = this.first) this.remove(item);
  }

  /** Takes an empty lane out of the heap; the heap's last one moves to where that leaves room for it. */
  #close(lane: Lane): void {
    this.#lanes.delete(lane.delay);
    const last = this.#heap.pop()!;
    if (last === lane) return;
    const { place } = lane;
    if (place > 0 && precedes(last, this.#heap[(place - 1) >> 1]!)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  /** Settles `lane` at `place` or nearer to the top. */
  #rise(lane: Lane, place: number): void {
    const heap = this.#heap;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above]!;
      if (!precedes(lane, parent)) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = lane;
    lane.place = place;
  }

  /** Settles `lane` at `place` or further from the top. */
  #sink(lane: Lane, place: number): void {
    const heap = this.#heap;
    for (let below = 2 * place + 1; below < heap.length; below = 2 * place + 1) {
      if (below + 1 < heap.length && precedes(heap[below + 1]!, heap[below]!)) below++;
      const child = heap[below]!;
      if (!precedes(child, lane)) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = lane;
    lane.place = place;
  }
}

function precedes({ first: a }: Lane, { first: b }: Lane): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
}
