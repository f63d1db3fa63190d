/** Turns of the microtask queue. Node 20 takes 1 to 7 for each read of what it made itself. */
const TURNS = 16;

/** Whether `promise` settles within a few turns of the microtask queue, in which engines hand out what they have at hand. */
export async function settlesSoon(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  for (let turn = 0; turn < TURNS && !settled; turn++) await undefined;
  return settled;
}
