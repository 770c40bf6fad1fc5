/* The pocket timer: starts and stops at once, with or without a network, and sends what happened when it can. */
(() => {
  "use strict";

  const queue = window.timerQueue;
  const RETRY_MS = 15_000;
  const box = (name) => document.getElementById(`pocket-${name}`);
  const words = document.querySelector("[data-pocket]").dataset;
  let shown = null; // what the server says of the running timer: kept in this page alone

  function tick(running) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(running.started_at)) / 1000));
    const two = (n) => String(n).padStart(2, "0");
    box("clock").textContent = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  async function show() {
    const [person, running, over, events] = await Promise.all([
      ...["person", "running", "over"].map((key) => queue.fact(key)),
      queue.waiting(),
    ]);
    const unsent = events.filter((event) => !event.refused);
    box("run").hidden = !running;
    box("stop").disabled = !running;
    if (running) {
      const known = shown?.number === running.number ? `, ${shown.title}` : "";
      box("what").textContent = `#${running.number}${known}`;
      tick(running);
    }
    box("start").disabled = person === undefined;
    box("state").textContent =
      person === undefined ? words.stranger : unsent.length > 0 ? words.waiting.replace("0", unsent.length) : words.sent;
    box("refused").replaceChildren(
      ...events.filter((event) => event.refused).map((event) => told(event.number, event.at, event.refused, () => queue.drop(event.uuid))),
    );
    box("over").replaceChildren(
      ...Object.entries(over ?? {}).map(([number, at]) => told(number, at, words.over, () => queue.dropOver(number))),
    );
  }

  function told(number, at, text, drop) {
    const line = document.createElement("li");
    const button = document.createElement("button");
    line.append(`#${number ?? ""} ${new Date(at).toLocaleString()}: ${text} `, button);
    button.className = "btn sm";
    button.textContent = words.dismiss;
    button.addEventListener("click", () => drop().then(show));
    return line;
  }

  let sending = null;
  function send() {
    sending ??= queue
      .send()
      .then((timer) => {
        shown = timer.running;
      })
      .catch(() => {})
      .finally(() => {
        sending = null;
        return show();
      });
    return sending;
  }

  box("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const number = Number(box("number").value);
    if (!Number.isInteger(number) || number < 1) return;
    await queue.add("start", number);
    box("number").value = "";
    await show();
    if (navigator.onLine) send();
  });

  box("stop").addEventListener("click", async () => {
    await queue.add("stop");
    await show();
    if (navigator.onLine) send();
  });

  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
  setInterval(async () => {
    const running = await queue.fact("running");
    if (running) tick(running);
  }, 1000);
  setInterval(async () => navigator.onLine && (await queue.waiting()).some((event) => !event.refused) && send(), RETRY_MS);

  navigator.serviceWorker?.register("/pocket/worker.js", { scope: "/pocket/" }).catch(() => {});
  show().then(send);
})();
