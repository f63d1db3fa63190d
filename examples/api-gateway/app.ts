import { serveSamples } from "./samples.ts";
import { Service } from "./service.ts";

/** Where each service is: a URL, or several with commas in between, of which the first that answers counts. */
interface Env {
  CATALOG?: string;
  PRICES?: string;
  REVIEWS?: string;
}

type Services = Record<"catalog" | "prices" | "reviews", Service>;

let services: Promise<Services> | undefined;

async function findServices({ CATALOG, PRICES, REVIEWS }: Env): Promise<Services> {
  const samples = CATALOG && PRICES && REVIEWS ? undefined : await serveSamples();
  return {
    catalog: new Service("catalog", CATALOG ?? samples!.catalog, { timeout: 2000 }),
    // An old price is better than none, and so is the second server's.
    prices: new Service("prices", PRICES ?? samples!.prices, { timeout: 1000, staleFor: 60_000 }),
    // Nobody waits long for those.
    reviews: new Service("reviews", REVIEWS ?? samples!.reviews, { timeout: 300 }),
  };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const id = /^\/products\/(\w{1,32})$/.exec(pathname)?.[1];
    if (id === undefined) return json(404, { error: "there are /products/1 to /products/3" });

    services ??= findServices(env);
    const { catalog, prices, reviews } = await services;
    // All at once: it takes as long as the slowest, which is given up when its time is, or when the client leaves.
    const { signal } = request;
    const all = [catalog, prices, reviews].map((service) => service.ask(`/${id}`, signal));
    const [product, price, review] = await Promise.all(all);

    // Without a product there is nothing to add to.
    if (product!.status === 404) return json(404, { error: `there is no product ${id}` });
    if (product!.value === undefined) return json(502, { error: product!.failure });
    const body = { ...product!.value, price: price!.value ?? null, reviews: review!.value ?? [] };
    const timing = [product, price, review].map((answer) => answer!.timing).join(", ");
    return json(200, body, { "server-timing": timing });
  },
};

function json(status: number, value: object, headers: Record<string, string> = {}): Response {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  return new Response(text, { status, headers: { "content-type": "application/json", ...headers } });
}
