// structuredClone copies what JSON cannot carry; nano.serialize makes bytes of it, which v8.deserialize of Node reads, too.
const guests = new Map([
  ["Ada", { born: new Date("1815-12-10"), likes: new Set(["numbers", "loops"]) }],
  ["Alan", { born: new Date("1912-06-23"), likes: new Set(["numbers", "running"]) }],
]);
guests.get("Ada").friend = guests.get("Alan");
guests.get("Alan").friend = guests.get("Ada"); // A circle: JSON.stringify would throw.

export default {
  fetch() {
    const copy = structuredClone(guests);
    copy.get("Ada").likes.add("engines");
    console.log("the copy", copy);
    console.log("the original", guests);

    const pixels = new Uint8Array(1_000_000);
    const moved = structuredClone({ pixels }, { transfer: [pixels.buffer] });
    const left = `${pixels.length} of ${moved.pixels.length}`;

    const bytes = nano.serialize(guests);
    const read = nano.deserialize(bytes);
    const isCircle = read.get("Ada").friend.friend === read.get("Ada");

    let refused;
    try {
      structuredClone({ guests: [{ greet: () => "Hello" }] });
    } catch (error) {
      refused = `${error.name}: ${error.message}`;
    }
    const answer = { likes: [...copy.get("Ada").likes], left, bytes: bytes.length, isCircle, refused };
    return new Response(JSON.stringify(answer, null, 2), { headers: { "Content-Type": "application/json" } });
  },
};
