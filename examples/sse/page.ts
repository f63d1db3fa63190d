export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>sse</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
  form { display: flex; gap: .5rem }
  input { flex: 1; font: inherit; padding: .4rem }
  button { font: inherit }
  li { white-space: pre-wrap; overflow-wrap: anywhere }
  output { opacity: .7 }
</style>
<h1>Server-sent events</h1>
<form><input name="text" placeholder="Say something to every open page" autofocus required maxlength="1000">
<button>Say</button></form>
<p><output>connecting…</output></p>
<ul></ul>
<script>
  const [form, list, state] = ["form", "ul", "output"].map((name) => document.querySelector(name));
  const events = new EventSource("/events");
  events.onopen = () => (state.textContent = "listening");
  events.onerror = () => (state.textContent = "lost; coming back…");
  events.onmessage = ({ data }) => {
    const item = document.createElement("li");
    item.textContent = data;
    list.prepend(item);
  };
  form.onsubmit = (submitted) => {
    submitted.preventDefault();
    fetch("/messages", { method: "POST", body: form.text.value });
    form.reset();
  };
</script>
</html>
`;
