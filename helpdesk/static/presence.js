/* Who else looks at a ticket or task, or writes on it, as long as this page is in view (docs/desk.md rules 47 and 48).

   data-url    on the page of an item: where to tell that we are there, and to ask who else is
   data-marks  on the queue: where to ask for the marks of its rows
   data-number, data-person, data-token   the item in view, its reader, the token of the page's forms */
(() => {
  "use strict";

  const { url, marks, number, person, token } = document.currentScript.dataset;
  const BEAT_MS = 25_000;
  const STILL_MS = 30_000; // who has not typed for so long is not writing
  const SOON_MS = 300;
  const MARKS_MS = 3_000;
  const isSeen = () => document.visibilityState === "visible";

  async function get(address) {
    try {
      const answer = await fetch(address, { headers: { "Live-Refresh": "1" }, redirect: "manual" });
      if (answer.ok) return new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      /* what others do is shown again with the next look */
    }
    return null;
  }

  /* --- the page of an item --- */
  const tab = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let writes = ""; // reply or note, whichever was typed in last
  let typedAt = -Infinity;
  let told = ""; // what the server knows of us
  let due = 0;

  const doing = () => (Date.now() - typedAt < STILL_MS ? writes : "looking");

  function show(whole) {
    const fresh = whole?.getElementById("presence");
    const old = document.getElementById("presence");
    if (fresh && old && fresh.textContent !== old.textContent) old.replaceWith(document.adoptNode(fresh));
  }

  function say(what) {
    const headers = { "X-CSRFToken": token, "Live-Refresh": "1" };
    const body = new URLSearchParams({ tab, doing: what });
    told = what;
    return fetch(url, { method: "POST", headers, body, keepalive: true, redirect: "manual" });
  }

  async function beat() {
    clearTimeout(due);
    if (!isSeen()) return;
    due = setTimeout(beat, BEAT_MS);
    try {
      const answer = await say(doing());
      if (answer.status === 200) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      told = ""; // once more with the next beat
    }
  }

  function leave() {
    clearTimeout(due);
    if (told && told !== "left") say("left").catch(() => {});
  }

  function typed(event) {
    const kept = event.target.closest?.("form[data-draft]")?.dataset.draft;
    if (!kept) return;
    writes = kept.endsWith("/note") ? "note" : "reply";
    typedAt = Date.now();
    if (told !== writes) beat();
  }

  function sent(event) {
    if (!event.target.matches?.("form[data-draft]")) return;
    typedAt = -Infinity;
    setTimeout(beat, SOON_MS);
  }

  /* --- the queue --- */
  function mark(whole) {
    if (!whole) return;
    const found = new Map([...whole.querySelectorAll("[data-present]")].map((each) => [each.dataset.present, each]));
    for (const place of document.querySelectorAll("#queue [data-present]")) {
      const fresh = found.get(place.dataset.present);
      if (place.textContent !== (fresh?.textContent ?? "")) place.replaceChildren(...(fresh?.childNodes ?? []));
    }
  }

  let looked = -Infinity;
  function look(least = MARKS_MS) {
    clearTimeout(due);
    due = setTimeout(async () => {
      if (!isSeen()) return;
      looked = Date.now();
      mark(await get(marks));
      due = setTimeout(look, BEAT_MS, 0); // who went without a word is gone, too
    }, Math.max(SOON_MS, looked + least - Date.now()));
  }

  /* --- both --- */
  let soon = 0;
  document.addEventListener("helpdesk:told", ({ detail: { topic, data } }) => {
    if (topic !== "presence" || !isSeen() || String(data.person) === person) return;
    if (marks) look();
    else if (String(data.item) === number) {
      clearTimeout(soon);
      soon = setTimeout(async () => show(await get(url)), SOON_MS);
    }
  });

  if (marks) {
    document.addEventListener("visibilitychange", () => isSeen() && look());
    due = setTimeout(look, BEAT_MS, 0);
  } else {
    document.addEventListener("input", typed);
    document.addEventListener("submit", sent);
    document.addEventListener("visibilitychange", () => (isSeen() ? beat() : leave()));
    addEventListener("pagehide", leave);
    beat();
  }
})();
