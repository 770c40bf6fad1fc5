/* The page of a ticket or task that is open follows what happens to it: parts that changed are put in their places, and
   what is written appears where it belongs (docs/desk.md rules 116 to 119). Nothing moves that the reader looks at, the
   focus stays, and so does what is typed, marked, open or loaded.

   data-url       where to ask what has changed; data-number  the item
   [data-mark]    a part or a piece of the conversation, with the mark of what it shows (helpdesk/infra/parts.py)
   #came          tells of messages that came out of sight; a click leads there

   A message counts as seen, for an answer that stops where somebody wrote since, once it was in view. */
(() => {
  "use strict";

  const { url, number } = document.currentScript.dataset;
  const SOON_MS = 60;
  const AGAIN_MS = 3_000;
  const BAR_PX = 64; // at the top of the page
  const MOST = 300; // pieces that are kept up to date: an address has to hold their marks
  const TOPICS = new Set(["queue", "item"]);

  const conversation = () => document.getElementById("conversation");
  const pieces = () => [...conversation().children].slice(-MOST);
  const idOf = (message) => Number(message.id.slice(1));
  const messagesOf = (from) => [...from.querySelectorAll(":scope > :is(.msg, .auto)[id]")];

  /* --- what has been seen --- */
  const unseen = new Set();
  const told = () => Number(document.querySelector("#reply-seen, #note-seen")?.value || 0);
  let seen = told(); // up to which message the reader has seen all
  let list = conversation(); // the one that this is about
  let watcher = null;

  function showSeen() {
    const isCut = conversation().querySelector(":scope > [data-piece=later]") !== null;
    const ids = messagesOf(conversation()).map(idOf);
    const reached = unseen.size > 0 ? Math.min(...[...unseen].map(idOf)) - 1 : Math.max(0, ...ids);
    if (!isCut) seen = Math.max(seen, reached);
    for (const field of document.querySelectorAll("input[name=last_seen_id]")) field.value = String(seen || "");
    for (const field of document.querySelectorAll("#macros input[name=seen]")) field.value = String(seen);
  }

  const words = (count) => {
    const { one, many } = document.getElementById("came").dataset;
    return count === 1 ? one : many.replace("2", count);
  };

  function showCame() {
    const line = document.getElementById("came");
    for (const message of unseen) if (!message.isConnected) unseen.delete(message);
    const button = line.querySelector("button");
    if (unseen.size === 0) {
      button?.remove();
    } else if (button) {
      button.lastElementChild.textContent = words(unseen.size);
    } else {
      const made = document.getElementById("came-button").content.cloneNode(true);
      made.querySelector("span").textContent = words(unseen.size);
      line.replaceChildren(made);
    }
  }

  function look(entries) {
    if (document.visibilityState === "hidden") return;
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      unseen.delete(target);
      watcher.unobserve(target);
    }
    showCame();
    showSeen();
  }

  /* What stands behind the reply box, or the bars of a phone, is not in view. */
  function watch(came) {
    watcher?.disconnect();
    const dock = document.querySelector(".dock");
    const isStuck = dock && getComputedStyle(dock).position === "sticky";
    const bars = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingBlockEnd) || 0;
    const below = isStuck ? dock.getBoundingClientRect().height : bars;
    watcher = new IntersectionObserver(look, { rootMargin: `0px 0px -${Math.ceil(below)}px 0px` });
    for (const message of came) unseen.add(message);
    for (const message of unseen) watcher.observe(message);
  }

  function say(came) {
    const said = document.createElement("span");
    said.className = "vh";
    said.textContent = words(came.length);
    document.getElementById("came").replaceChildren(said);
  }

  /* --- what is put in its place --- */
  /* A menu that is open is somebody's work: it stays as it is until it is closed. */
  const isBusy = (element) => element.querySelector(":popover-open") !== null;

  function putParts(answer) {
    let isLeft = false;
    for (const part of answer.querySelectorAll(":scope > .part")) {
      const old = document.getElementById(part.id);
      if (!old) continue;
      if (isBusy(old)) isLeft = true;
      else window.morph(old, part);
    }
    return isLeft;
  }

  /* Returns the messages that are new here, and whether somebody's work was in the way. */
  function putPieces(answer, managed) {
    const list = conversation();
    const order = answer.dataset.order.split(" ").filter(Boolean);
    const wanted = new Map([...answer.querySelectorAll(":scope > ol > li")].map((piece) => [piece.dataset.piece, piece]));
    const old = new Map(managed.filter((piece) => piece.isConnected).map((piece) => [piece.dataset.piece, piece]));
    const isCapped = managed.length > 0 && managed[0] !== list.firstElementChild;
    const stays = new Set(order);
    let at = managed.find((piece) => piece.isConnected && stays.has(piece.dataset.piece)) ?? null;
    for (const [key, piece] of old) if (!stays.has(key)) piece.remove();
    const came = [];
    let isLeft = false;
    for (const key of order) {
      const fresh = wanted.get(key);
      let piece = old.get(key);
      if (piece && fresh && isBusy(piece)) isLeft = true;
      else if (piece && fresh) window.morph(piece, fresh);
      if (!piece && fresh && !(isCapped && key === "earlier")) {
        piece = document.adoptNode(fresh);
        came.push(piece);
      }
      if (!piece) continue;
      if (piece === at) {
        at = at.nextElementSibling;
      } else {
        list.insertBefore(piece, at);
        window.htmx?.process(piece);
      }
    }
    return { came: came.filter((piece) => piece.matches(".msg, .auto")), isLeft };
  }

  /* What the reader looks at stays where it is on the screen, whatever grows above it. */
  function still() {
    const dock = document.activeElement?.closest(".dock");
    const isFree = dock && getComputedStyle(dock).position !== "sticky";
    const read = pieces().filter((piece) => {
      const { top, bottom } = piece.getBoundingClientRect();
      return bottom > BAR_PX && top < innerHeight;
    });
    const anchors = (isFree ? [dock, ...read] : read).map((element) => [element, element.getBoundingClientRect().top]);
    const root = document.documentElement;
    root.style.overflowAnchor = "none";
    return () => {
      const [element, before] = anchors.find(([each]) => each.isConnected) ?? [];
      if (element) scrollBy({ top: element.getBoundingClientRect().top - before, behavior: "instant" });
      requestAnimationFrame(() => root.style.removeProperty("overflow-anchor"));
    };
  }

  function put(answer, managed) {
    const keepStill = still();
    const isLeftOver = putParts(answer);
    const { came, isLeft } = putPieces(answer, managed);
    document.dispatchEvent(new Event("helpdesk:fresh"));
    keepStill();
    if (came.length > 0) {
      say(came);
      watch(came);
    } else {
      showCame();
    }
    showSeen();
    return isLeft || isLeftOver;
  }

  /* --- asking --- */
  let due = 0;
  let isAsking = false;
  let isStale = false;
  let swaps = 0; // what this page itself sent has drawn it anew so often

  function soon(pause = SOON_MS) {
    isStale = true;
    clearTimeout(due);
    due = setTimeout(ask, pause);
  }

  function asked(managed) {
    const found = new URLSearchParams();
    const marked = [...document.querySelectorAll(".part[data-mark]"), ...managed];
    const ids = managed.flatMap((piece) => [...(piece.id ? [piece] : piece.querySelectorAll("li[id]"))]).map(idOf);
    if (ids.length > 0) found.set("first", ids[0]);
    if (managed.at(-1)?.dataset.piece === "later") found.set("last", ids.at(-1));
    found.set("have", marked.map((element) => element.dataset.mark).join(""));
    return found;
  }

  async function ask() {
    if (isAsking || !isStale || document.visibilityState === "hidden" || !conversation()) return;
    isStale = false;
    isAsking = true;
    const before = swaps;
    const managed = pieces();
    try {
      const headers = { "Live-Refresh": "1" };
      const answer = await fetch(`${url}?${asked(managed)}`, { headers, redirect: "manual" });
      if (answer.status >= 500) throw new Error(String(answer.status));
      if (!answer.ok) return; // what is not there for us any more stays as it was
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("fresh");
      if (before !== swaps) isStale = true;
      else if ("canAct" in fresh.dataset && !document.querySelector(".dock")) location.reload(); // nothing is typed here
      else if (put(fresh, managed)) setTimeout(soon, AGAIN_MS);
      else if ("more" in fresh.dataset) isStale = true;
    } catch {
      setTimeout(soon, AGAIN_MS);
    } finally {
      isAsking = false;
      if (isStale) soon();
    }
  }

  document.addEventListener("helpdesk:told", ({ detail: { topic, data } }) => {
    if (TOPICS.has(topic) && (data.item === undefined || String(data.item) === number)) soon();
  });
  document.addEventListener("helpdesk:missed", () => soon());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") return;
    if (isStale) soon();
    if (unseen.size > 0) watch([]); // what came while nobody looked
  });
  document.addEventListener("htmx:after:swap", () => {
    swaps += 1;
    if (list === conversation()) return; // only a part of it was drawn anew: nothing was looked at by that
    list = conversation();
    unseen.clear();
    seen = told();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-came]")) return;
    const [first] = [...unseen].filter((message) => message.isConnected).sort((one, other) => idOf(one) - idOf(other));
    first?.scrollIntoView({ block: "center" });
    first?.querySelector("a.perma")?.focus({ preventScroll: true });
  });
})();
