/* What happens elsewhere, told to all tabs of this browser through one stream.

   One tab holds the lock "helpdesk-live" and the stream; it passes on what it hears by a BroadcastChannel, and when it
   closes, the next one takes over and resumes where the last left off. Where there is no stream, that tab asks every ten
   seconds; where a browser has no locks (an address without https that is not this machine), each tab in view does.
   An event only says what to look at again:

   data-live-url="…" data-live="timer"   replaced by what that address answers when the timer changed
   data-live="queue" with an id          replaced by the same element of this page, asked for anew
   #live-lost                            shown while nothing can be heard; "helpdesk:back" of the document tells that
                                         it is over, "helpdesk:ask" makes us look whether it is

   What is told is told to other scripts, too: the event "helpdesk:told" of the document has its topic and data, and
   "helpdesk:missed" says that something may have happened of which nothing was heard. */
(() => {
  "use strict";

  const { stream, events, after, person } = document.currentScript.dataset;
  const ASK_MS = 10_000;
  const SILENCE_MS = 40_000; // the server says something every fifteen seconds
  const BUSY_MS = 3_000;
  const LONGEST_PAUSE_MS = 30_000;
  const name = `helpdesk-live-${person}`;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;

  let heard = Number(after); // the newest event that this page knows of
  let isLeader = false;
  let isOver = false; // signed out: nothing is asked any more
  const stale = new Set(); // topics to look at again as soon as somebody looks at this page

  /* --- what a page does with what it hears --- */
  const wait = (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });

  /* What pages ask by themselves keeps nobody signed in. */
  async function page(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html", "Live-Refresh": "1" }, redirect: "manual" });
    if (answer.status >= 500) throw new Error(String(answer.status));
    if (!answer.ok) return null; // what is not there for us any more stays as it was
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  /* Somebody who is at work in an element keeps it: what they opened, marked or began to type is not taken away. */
  const isTouched = (field) => field.checked !== field.defaultChecked || field.value !== field.defaultValue;
  const isBusy = (element) =>
    element.querySelector(":popover-open") !== null ||
    [...element.querySelectorAll("input, textarea")].some(isTouched) ||
    (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

  const markOf = (element) =>
    element.id ? `#${CSS.escape(element.id)}` : `${element.localName}[href="${CSS.escape(element.getAttribute("href") ?? "")}"]`;

  function put(fresh, old) {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(document.adoptNode(fresh));
    window.htmx?.process(fresh);
    if (focused) (fresh.querySelector(markOf(focused)) ?? fresh.querySelector("button, a[href]"))?.focus();
    document.dispatchEvent(new Event("helpdesk:fresh"));
  }

  /* Puts what changed in its place; returns whether somebody's work was in the way. */
  function putAll(whole, elements) {
    let isLeft = false;
    if (!whole) return isLeft;
    for (const element of elements) {
      const fresh = whole.getElementById(element.id);
      if (!fresh || !element.isConnected) continue;
      if (isBusy(element)) isLeft = true;
      else put(fresh, element);
    }
    return isLeft;
  }

  async function refresh(topic) {
    const elements = [...document.querySelectorAll(`[data-live~="${topic}"]`)];
    const others = elements.filter((element) => !element.dataset.liveUrl);
    const asked = elements
      .filter((element) => element.dataset.liveUrl)
      .map(async (element) => putAll(await page(element.dataset.liveUrl), [element]));
    if (others.length > 0) asked.push(page(location.href).then((whole) => putAll(whole, others)));
    const done = await Promise.allSettled(asked);
    if (isOver || !done.some(({ status, value }) => value || status === "rejected")) return;
    stale.add(topic); // somebody is at work there, or nobody answered: once more, later
    setTimeout(look, BUSY_MS);
  }

  /* Many events at once are one look; a page that nobody sees looks when it is seen, but its title tells the timer. */
  let due = 0;
  function look() {
    clearTimeout(due);
    due = setTimeout(() => {
      for (const topic of [...stale]) {
        if (document.visibilityState === "hidden" && topic !== "timer") continue;
        stale.delete(topic);
        refresh(topic);
      }
    }, 60);
  }

  function hear(topic, id, data) {
    heard = Math.max(heard, id);
    document.dispatchEvent(new CustomEvent("helpdesk:told", { detail: { topic, data } }));
    stale.add(topic);
    look();
  }

  function hearAll(id) {
    heard = id;
    for (const { dataset } of document.querySelectorAll("[data-live]")) {
      for (const topic of dataset.live.split(" ")) stale.add(topic);
    }
    document.dispatchEvent(new Event("helpdesk:missed"));
    look();
  }

  function showLost(isLost) {
    const notice = document.getElementById("live-lost");
    if (!notice || notice.hidden !== isLost) return;
    notice.hidden = !isLost;
    if (!isLost) document.dispatchEvent(new Event("helpdesk:back"));
  }

  /* --- between the tabs --- */
  function tell(message) {
    take(message);
    channel?.postMessage(message);
  }

  function take({ kind, topic, id, lost, data = {} }) {
    if (kind === "event") hear(topic, id, data);
    else if (kind === "all") hearAll(id);
    else if (kind === "lost") showLost(lost);
    else if (kind === "where" && isLeader) channel.postMessage({ kind: "here", id: heard });
    else if (kind === "here" && id > heard) hearAll(id); // something happened while this page was made
    else if (kind === "beat") heard = Math.max(heard, id);
    else if (kind === "over") isOver = true;
  }

  channel?.addEventListener("message", (event) => take(event.data));

  /* --- the stream --- */
  function parse(block) {
    const found = { event: "message", id: heard };
    for (const line of block.split("\n")) {
      const [, field, value] = line.match(/^(\w+): ?(.*)$/) ?? [];
      if (field === "id") found.id = Number(value);
      else if (field) found[field] = value;
    }
    return found;
  }

  function receive({ event, id, data }) {
    if (event === "lost") tell({ kind: "all", id });
    else if (event === "beat") tell({ kind: "beat", id });
    else if (event !== "message") tell({ kind: "event", topic: event, id, data: JSON.parse(data || "{}") });
  }

  let restart = () => {};

  /* Returns whether anything came: 0 no, 1 yes, -1 there is no stream here. */
  async function listen(signal) {
    const quiet = new AbortController();
    const end = () => quiet.abort();
    restart = end;
    signal.addEventListener("abort", end, { once: true });
    let watch = setTimeout(end, SILENCE_MS);
    try {
      const answer = await fetch(stream, {
        headers: { Accept: "text/event-stream", "Last-Event-ID": String(heard) },
        cache: "no-store",
        redirect: "manual",
        signal: quiet.signal,
      });
      if (answer.type === "opaqueredirect" || answer.status === 401) tell({ kind: "over" });
      if (answer.status !== 200) return answer.status === 204 ? -1 : 0;
      tell({ kind: "lost", lost: false });
      let rest = "";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 1;
        clearTimeout(watch);
        watch = setTimeout(end, SILENCE_MS);
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) receive(parse(block));
      }
    } catch {
      return 0;
    } finally {
      clearTimeout(watch);
      signal.removeEventListener("abort", end);
    }
  }

  /* --- asking, where there is no stream --- */
  async function ask() {
    try {
      const answer = await fetch(`${events}?after=${heard}`, { cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect") tell({ kind: "over" });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (found.lost) tell({ kind: "all", id: found.id });
      for (const { topic, id, data } of found.events) tell({ kind: "event", topic, id, data });
      heard = found.id;
      tell({ kind: "lost", lost: false });
    } catch {
      if (!isOver) tell({ kind: "lost", lost: true });
    }
  }

  /* --- the life of a page --- */
  const ending = new AbortController();
  let waking = new AbortController();
  const pause = (ms) => {
    waking = new AbortController();
    return wait(ms, waking.signal);
  };

  async function lead() {
    isLeader = true;
    let pauseMs = 1000;
    while (!isOver && !ending.signal.aborted) {
      const came = await listen(ending.signal);
      if (isOver || ending.signal.aborted) return;
      pauseMs = came === 1 ? 1000 : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      const until = Date.now() + (came === -1 ? 6 * ASK_MS : pauseMs);
      let isTime = came !== -1;
      do {
        if (isTime) await ask();
        isTime = true;
        await pause(Math.min(ASK_MS, Math.max(500, until - Date.now())));
      } while (!isOver && !ending.signal.aborted && Date.now() < until);
    }
  }

  async function askInView() {
    while (!isOver && !ending.signal.aborted) {
      await pause(ASK_MS);
      if (document.visibilityState === "visible") await ask();
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") return;
    look();
    if (!isLeader && !navigator.locks) waking.abort();
  });
  addEventListener("online", () => (restart(), waking.abort(), look()));
  document.addEventListener("helpdesk:ask", () => waking.abort());
  addEventListener("offline", () => isLeader && tell({ kind: "lost", lost: true }));
  addEventListener("pagehide", () => ending.abort());
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  channel?.postMessage({ kind: "where" });
  if (navigator.locks && channel) navigator.locks.request(name, { signal: ending.signal }, lead).catch(() => {});
  else askInView();
})();
