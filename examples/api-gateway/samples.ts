const PRODUCTS = new Map([
  ["1", "lantern"],
  ["2", "kettle"],
  ["3", "umbrella"],
]);

/** A server in this process that plays all services: one of the two for prices is broken, and reviews of 3 never come. */
export async function serveSamples(): Promise<Record<"catalog" | "prices" | "reviews", string>> {
  const { url } = await nano.serve({ app: sample });
  return { catalog: `${url}/catalog`, prices: `${url}/broken,${url}/prices`, reviews: `${url}/reviews` };
}

async function sample({ url, signal }: Request): Promise<Response> {
  const [, service, id = ""] = new URL(url).pathname.split("/");
  const name = PRODUCTS.get(id);
  if (service === "broken") return new Response("out of order", { status: 503 });
  if (name === undefined) return new Response("not here", { status: 404 });
  if (service === "catalog") return Response.json({ id, name });
  if (service === "prices") return Response.json({ amount: Number(id) * 10, currency: "EUR" });
  if (id === "3") await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return Response.json([`A ${name} as it should be.`]);
}
