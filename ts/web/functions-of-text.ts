/**
 * Functions made of text, for what is done so often that a function for nothing else is worth it. Engines and pages may
 * forbid to make code from text: then there are none, and what they would do is done without.
 */

const FunctionOfText = Function;

let isAllowed = true;

/** @param body what the function does with its parameters; undefined where it cannot be made. */
export function functionOfText<Made>(parameters: readonly string[], body: string): Made | undefined {
  if (!isAllowed) return undefined;
  try {
    return new FunctionOfText(...parameters, body) as Made;
  } catch (error) {
    // Where it is not forbidden, the call stack was at its end.
    isAllowed = !(error instanceof EvalError);
    return undefined;
  }
}
