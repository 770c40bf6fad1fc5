/* The palette: Ctrl K (or Command K) on every page goes to anything or does it.

   The server finds and groups (desk/palette.py); here is the box: a combobox whose lines the arrow keys walk over while
   the focus stays in the field. Enter takes a line, Alt Enter starts the timer on it. What was opened last is kept in
   this browser, for the person who is signed in, until they sign out. Without a script the link leads to a page. */
(() => {
  "use strict";

  const box = document.getElementById("palette");
  if (!box) return;
  const field = box.querySelector("[role=combobox]");
  const list = box.querySelector("[role=listbox]");
  const said = box.querySelector("[role=status]");
  const PAUSE_MS = 90;
  const KEPT = 12;
  const SHOWN = 6;
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

  /* --- what was opened last --- */
  const key = `opened-${box.dataset.person}`;
  const here = location.pathname;

  function opened() {
    try {
      const kept = JSON.parse(localStorage.getItem(key) ?? "[]");
      return Array.isArray(kept) ? kept.filter((each) => typeof each?.url === "string" && each.url.startsWith("/")) : [];
    } catch {
      return [];
    }
  }

  function remember() {
    const page = document.querySelector("[data-opened]")?.dataset.opened;
    if (!page) return;
    const now = { ...JSON.parse(page), url: here };
    const kept = [now, ...opened().filter((each) => each.url !== here)].slice(0, KEPT);
    try {
      localStorage.setItem(key, JSON.stringify(kept));
    } catch {
      /* a browser that keeps nothing shows commands alone */
    }
  }

  function forget() {
    try {
      localStorage.removeItem(key);
    } catch {
      /* nothing is kept */
    }
  }

  function element(name, attributes, ...content) {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.append(...content);
    return made;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${box.dataset.icons}#i-${name}`);
    svg.setAttribute("class", "i");
    svg.setAttribute("aria-hidden", "true");
    svg.append(use);
    return svg;
  }

  function recentGroup() {
    const lines = opened()
      .filter((each) => each.url !== here)
      .slice(0, SHOWN)
      .map((each, place) => {
        const text = element("span", { class: "clip" });
        if (each.ref) text.append(element("span", { class: "t3" }, each.ref), " ");
        text.append(each.text);
        const attributes = { role: "option", id: `opened-${place}`, href: each.url, tabindex: "-1", "aria-selected": "false" };
        if (each.number) attributes["data-number"] = each.number;
        return element("a", attributes, icon(each.icon), text, element("span", { class: "t3 s12 clip" }, each.note ?? ""));
      });
    const { recent } = list.dataset;
    const heading = element("h2", { "aria-hidden": "true" }, recent);
    return lines.length ? element("div", { role: "group", "aria-label": recent }, heading, ...lines) : "";
  }

  /* --- what the page in view can do: what has a key there or says that it is a command --- */
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  let doable = [];

  function pageGroup() {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    const named = (each) => each.dataset.command ?? each.dataset.keyLabel;
    const begins = (each, word) => folded(named(each)).split(/[^\p{L}\p{N}]+/u).some((one) => one.startsWith(word));
    const isHere = (each) => each.dataset.command || each.checkVisibility({ checkVisibilityCSS: true });
    doable = [...document.querySelectorAll("main [data-command], main [data-key][data-key-label]")]
      .filter((each) => words.length > 0 && isHere(each) && words.every((word) => begins(each, word)))
      .filter((each, place, all) => all.findIndex((other) => named(other) === named(each)) === place)
      .slice(0, SHOWN);
    const found = doable.map((each, place) => {
      const caps = each.dataset.key ? window.keys.shown(each.dataset.key).map((cap) => element("kbd", {}, cap)) : [];
      const keys = element("span", { class: "found-keys", "aria-hidden": "true" }, ...caps);
      const attributes = { role: "option", id: `here-${place}`, "data-act": "here", "data-place": place, "aria-selected": "false" };
      return element("div", attributes, icon("chevron-right"), element("span", { class: "clip" }, named(each)), keys);
    });
    const { here: heading } = list.dataset;
    if (found.length === 0) return "";
    return element("div", { role: "group", "aria-label": heading }, element("h2", { "aria-hidden": "true" }, heading), ...found);
  }

  /* --- the lines --- */
  const lines = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  function choose(line) {
    for (const each of lines()) each.setAttribute("aria-selected", String(each === line));
    if (line) field.setAttribute("aria-activedescendant", line.id);
    else field.removeAttribute("aria-activedescendant");
  }

  function step(by) {
    const all = lines();
    if (all.length === 0) return;
    choose(all.at((all.indexOf(chosen()) + by + all.length) % all.length));
    chosen().scrollIntoView({ block: "nearest" });
  }

  function show(found) {
    const recent = field.value.trim() ? "" : recentGroup();
    list.replaceChildren(recent, pageGroup(), ...(found?.body.childNodes ?? []));
    list.scrollTop = 0;
    choose(lines()[0]);
    const count = lines().length;
    field.setAttribute("aria-expanded", String(count > 0));
    const { none, one, many } = said.dataset;
    said.textContent = count === 0 ? none : count === 1 ? one : many.replace("%s", String(count));
  }

  /* --- asking --- */
  let turn = 0; // an answer that comes when it has moved on is of words that are typed no more
  let timer = 0;
  let isFound = false; // the lines are those of the words in the field
  let waiting = null; // what Enter wants as soon as they are

  async function ask() {
    turn += 1;
    const mine = turn;
    try {
      const asked = new URLSearchParams({ q: field.value });
      const menu = document.getElementById("macro-menu"); // it is a ticket or task that they can be applied to
      if (menu) asked.set("macros", menu.dataset.on);
      const url = `${box.dataset.results}?${asked}`;
      const answer = await fetch(url, { redirect: "manual", headers: { Accept: "text/html" } });
      if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload(); // signed out
      if (!answer.ok) throw new Error(String(answer.status));
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== turn) return undefined;
      show(found);
      isFound = true;
      waiting?.();
    } catch {
      if (mine !== turn) return undefined;
      said.textContent = said.dataset.lost;
    }
    waiting = null;
    return undefined;
  }

  function askSoon(pause) {
    turn += 1;
    isFound = false;
    waiting = null;
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  }

  /* --- doing --- */
  function send(act, number) {
    const form = box.querySelector(`[data-palette-act="${act}"]`);
    if (!form) return;
    box.close();
    form.elements.next.value = location.pathname + location.search;
    if (number) form.elements.number.value = number;
    form.requestSubmit();
  }

  function take(line, { starts = false } = {}) {
    if (!line) return;
    const { act, number, macro, completes } = line.dataset;
    if (act === "complete") {
      field.value = completes;
      field.focus();
      askSoon(0);
    } else if (starts && number) send("start", number);
    else if (act === "theme") document.querySelector("[data-theme-switch]")?.click();
    else if (act === "here") {
      box.close();
      window.keys.press(doable[Number(line.dataset.place)]);
    } else if (act === "macro") document.querySelector(`#macro-menu button[value="${CSS.escape(macro)}"]`)?.click();
    else if (act) send(act, number);
    else if (!starts) location.assign(line.href);
    if (act === "theme" || act === "macro") box.close();
  }

  const whenFound = (act) => {
    if (isFound) act();
    else waiting = act;
  };

  function open() {
    if (box.open) return;
    for (const each of document.querySelectorAll("[popover]:popover-open")) each.hidePopover();
    field.value = "";
    box.showModal();
    show(null);
    askSoon(0);
  }

  /* --- events --- */
  document.addEventListener("keydown", (event) => {
    const isKey = event.key.toLowerCase() === "k" && event.ctrlKey !== event.metaKey && !event.altKey && !event.shiftKey;
    if (!isKey || event.isComposing) return;
    event.preventDefault();
    if (box.open) box.close();
    else open();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-palette-open]");
    if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open();
    }
  });

  document.addEventListener("submit", (event) => {
    if (new URL(event.target.action).pathname === "/sign-out") forget();
  });

  field.addEventListener("input", () => askSoon(PAUSE_MS));

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Tab" && !event.shiftKey && isFound && chosen()?.dataset.completes) take(chosen());
    else if (event.key === "Enter") whenFound(() => take(chosen(), { starts: event.altKey }));
    else return;
    event.preventDefault();
  });

  list.addEventListener("mousemove", (event) => {
    const line = event.target.closest("[role=option]");
    if (line && line !== chosen()) choose(line);
  });

  box.addEventListener("click", (event) => {
    const line = event.target.closest("[role=option]");
    if (line?.dataset.act) take(line);
    else if (event.target === box || event.target.closest("[data-close]")) box.close();
  });

  box.addEventListener("close", () => {
    turn += 1;
    clearTimeout(timer);
    waiting = null;
  });

  if (isMac) for (const cap of document.querySelectorAll("[data-shortcut]")) cap.textContent = "⌘ K";
  remember();
})();
