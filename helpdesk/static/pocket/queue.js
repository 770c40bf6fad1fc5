/* What the timer was told on this device, kept until the server has it (docs/architecture.md "The timer and its devices").

   In the browser's own database lie, for the person who signed in here last: starts and stops with their uuid, instant and
   the number of the ticket or task, what runs, and on which numbers no billable time was left. No titles, no clients. Signing out sends what waits, and clears all.
   Loaded on every page, so that what waits is sent wherever somebody comes back to. */
window.timerQueue = (() => {
  "use strict";

  const NAME = "helpdesk-timer";
  const BATCH = 200;

  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  function open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("events", { keyPath: "uuid" });
      request.result.createObjectStore("facts");
    };
    return done(request);
  }

  async function inside(mode, act) {
    const database = await open();
    try {
      const transaction = database.transaction(["events", "facts"], mode);
      const finished = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      const found = await act(transaction.objectStore("events"), transaction.objectStore("facts"));
      await finished;
      return found;
    } finally {
      database.close();
    }
  }

  const exists = async () => (await indexedDB.databases()).some(({ name }) => name === NAME);
  const fact = (key) => inside("readonly", (_events, facts) => done(facts.get(key)));
  const waiting = () => inside("readonly", (events) => done(events.getAll()));

  /* Two acts of one device never share an instant. */
  const add = (kind, number) =>
    inside("readwrite", async (events, facts) => {
      const at = Math.max(Date.now(), ((await done(facts.get("last"))) ?? 0) + 1);
      const event = { uuid: crypto.randomUUID(), kind, at: new Date(at).toISOString(), person: await done(facts.get("person")) };
      if (kind === "start") event.number = number;
      events.add(event);
      facts.put(at, "last");
      facts.put(kind === "start" ? { number, started_at: event.at } : null, "running");
    });

  const drop = (uuid) => inside("readwrite", (events) => void events.delete(uuid));

  /* What the server said of it: refused, until the person dismisses it; taken, and forgotten. Where no billable time was
     left, its number and instant stay until they are dismissed. */
  const settle = (outcomes) =>
    inside("readwrite", async (events, facts) => {
      const over = (await done(facts.get("over"))) ?? {};
      for (const { uuid, outcome, reason, flags } of outcomes) {
        const event = await done(events.get(uuid));
        if (!event) continue;
        if (flags.includes("over_limit") && event.number) over[event.number] = event.at;
        if (outcome === "refused") events.put({ ...event, refused: reason });
        else events.delete(uuid);
      }
      facts.put(over, "over");
    });

  const dropOver = (number) =>
    inside("readwrite", async (_events, facts) => {
      const { [number]: _seen, ...over } = (await done(facts.get("over"))) ?? {};
      facts.put(over, "over");
    });

  /* Sends what waits, in the order of its making; the same twice does no harm. Returns the timer as the server has it. */
  async function send() {
    const answer = await fetch("/pocket/session", { cache: "no-store", redirect: "manual" });
    if (!answer.ok) throw new Error("signed out");
    const { person, token } = await answer.json();
    await inside("readwrite", (_events, facts) => void facts.put(person, "person"));
    const due = (await waiting()).filter((event) => event.person === person && !event.refused);
    due.sort((one, other) => one.at.localeCompare(other.at));
    let timer = null;
    for (let from = 0; from < due.length; from += BATCH) {
      const events = due.slice(from, from + BATCH).map(({ person: _mine, ...event }) => event);
      const told = await fetch("/timer/events", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify({ device: "pocket", events }),
        redirect: "manual",
      });
      if (!told.ok) throw new Error(String(told.status));
      const said = await told.json();
      await settle(said.events);
      timer = said.timer;
    }
    timer ??= await (await fetch("/timer", { cache: "no-store", redirect: "error" })).json();
    if (!(await waiting()).some((event) => event.person === person && !event.refused)) {
      const { running } = timer;
      const kept = running && { number: running.number, started_at: running.started_at };
      await inside("readwrite", (_events, facts) => void facts.put(kept, "running"));
    }
    return timer;
  }

  async function forget() {
    await done(indexedDB.deleteDatabase(NAME));
    for (const name of await caches.keys()) if (name.startsWith("pocket")) await caches.delete(name);
    await leave();
  }

  /* Without its worker a browser is told nothing any more, and its push service says so. */
  async function leave() {
    for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
  }

  /* Pages of the desk: what waits is sent, and signing out leaves nothing behind. */
  async function signOut(form) {
    const late = new Promise((resolve) => {
      setTimeout(resolve, 4000);
    });
    await Promise.race([send().catch(() => {}), late]);
    const unsent = await waiting();
    if (unsent.length > 0 && !confirm(form.dataset.unsent)) return;
    await forget();
    form.submit();
  }

  if (window.indexedDB?.databases && window.caches && navigator.serviceWorker) {
    document.addEventListener("submit", async (event) => {
      if (!event.target.matches("[data-unsent]")) return;
      event.preventDefault();
      if (await exists().catch(() => false)) await signOut(event.target).catch(() => event.target.submit());
      else await leave().finally(() => event.target.submit());
    });
    if (!document.querySelector("[data-pocket]")) {
      exists()
        .then(async (is) => is && (await waiting()).length > 0 && send())
        .catch(() => {});
    }
  }

  return { add, drop, dropOver, fact, send, waiting };
})();
