import { test } from "uvu";
import * as assert from "uvu/assert";
import { DeadlineQueue, Due } from "../../ts/runtime/deadline-queue.ts";

class Item extends Due {
  readonly name: number;

  constructor(name: number) {
    super();
    this.name = name;
  }
}

/** A small generator with a fixed seed: the same operations every run. */
function* randomWords(seed: number): Generator<number, never> {
  for (let x = seed; ; ) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield x >>> 0;
  }
}

test("an empty queue has no first item", () => {
  const queue = new DeadlineQueue<Item>();
  assert.is(queue.first, undefined);
  assert.is(queue.size, 0);
});

test("20,000 random additions and removals keep the order of a sorted list", () => {
  const random = randomWords(2024);
  const next = (below: number) => random.next().value % below;
  const queue = new DeadlineQueue<Item>();
  let model: Item[] = [];
  let now = 0;
  for (let name = 0; name < 20_000; name++) {
    if (model.length > 0 && next(100) < 45) {
      const victim = model[next(3) === 0 ? 0 : next(model.length)]!;
      queue.remove(victim);
      model = model.filter((other) => other !== victim);
    } else {
      const added = new Item(name);
      now += next(4) / 4;
      queue.add(added, now, next(30));
      // Behind all that are due no later.
      const at = model.findIndex((other) => other.deadline > added.deadline);
      model.splice(at < 0 ? model.length : at, 0, added);
    }
    assert.is(queue.size, model.length);
    if (queue.first !== model[0]) assert.unreachable(`after operation ${name}`);
    if (model.length > 200) for (const each of model.splice(0)) queue.remove(each);
  }
  const drained: number[] = [];
  for (let first = queue.first; first; first = queue.first) {
    drained.push(first.name);
    queue.remove(first);
  }
  assert.equal(
    drained,
    model.map(({ name }) => name),
  );
});

test("removing an item that is not in the queue changes nothing", () => {
  const queue = new DeadlineQueue<Item>();
  const stays = new Item(1);
  const stranger = new Item(2);
  queue.add(stays, 0, 5);
  queue.remove(stranger);
  assert.is(queue.first, stays);
  queue.remove(stays);
  queue.remove(stays);
  assert.is(queue.size, 0);
});

test("a cleared queue forgets its items, which can be added anew", () => {
  const queue = new DeadlineQueue<Item>();
  const items = [new Item(1), new Item(2), new Item(3)];
  for (const each of items) queue.add(each, 0, each.name);
  queue.clear();
  assert.is(queue.size, 0);
  queue.remove(items[1]!);
  queue.add(items[2]!, 1, 1);
  assert.is(queue.first, items[2]);
});

test.run();
