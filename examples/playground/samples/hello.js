// An app is a module whose default export answers requests.
export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const name = searchParams.get("name") ?? "world";
    console.log(request.method, request.url);
    return new Response(`Hello, ${name}!\n`);
  },
};
