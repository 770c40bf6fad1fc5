/* The page's own script: no build step, no inline handlers, nothing that a strict CSP refuses.
   Every part reads data attributes and works on what htmx swaps in; without it every form and link still works.

   data-theme-switch      a button that goes light, dark, as the system
   data-started           on the running timer: the instant it started; the clock and the tab's title tick
   data-key="g d"         click (or focus) this element by single keys; data-key-label names it in the list of keys
   data-item              a row whose work item the timer key starts while the row has focus
   data-rows              a list in which j and k walk over the rows' links
   data-auto-submit       a field that submits its form when it changes
   data-send-key          a text area in whose form Ctrl Enter submits, with Shift by the button of its form with data-send-shift
   data-fill="id"         a button that puts its value into that field
   data-enter-for="id"    a button that Enter in that field presses
   data-check-all="name"  a box that ticks all boxes of that name in its form
   data-filter="#id"      a field that hides the rows of a list that do not contain its words
   data-local="time"      an instant shown on the reader's clock, as html[data-zone] says: time, date, datetime or ago
   data-browser-zone      what is shown where the browser is in another zone; in a form its field time_zone gets that
   data-newest            what a page opens at
   data-shows             a field that tells how a duration is read while it is typed */
(() => {
  "use strict";

  const root = document.documentElement;
  const lang = root.lang === "en" ? "en-GB" : root.lang || undefined; // day before month, as the server writes it
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  /* --- what the browser remembers; a browser that forbids it simply forgets --- */
  const memory = {
    get(key) {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        /* forgotten with the tab */
      }
    },
  };

  /* --- theme --- */
  const THEMES = ["system", "light", "dark"];

  function showTheme() {
    const theme = memory.get("theme") ?? "system";
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of all("[data-theme-switch]")) {
      const label = button.dataset[theme];
      if (!button.textContent.trim()) button.setAttribute("aria-label", label);
      button.title = label;
      for (const icon of all("[data-for]", button)) icon.toggleAttribute("hidden", icon.dataset.for !== theme);
    }
  }

  function nextTheme() {
    const now = THEMES.indexOf(memory.get("theme") ?? "system");
    memory.set("theme", THEMES[(now + 1) % THEMES.length]);
    showTheme();
  }

  /* --- running timer --- */
  const plainTitle = document.title;

  function clock(seconds) {
    const two = (n) => String(n).padStart(2, "0");
    return [Math.floor(seconds / 3600), two(Math.floor(seconds / 60) % 60), two(seconds % 60)];
  }

  function tick() {
    const timer = document.querySelector("[data-started]");
    if (!timer) {
      if (document.title !== plainTitle) document.title = plainTitle;
      return;
    }
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(timer.dataset.started)) / 1000));
    const [hours, minutes, rest] = clock(seconds);
    timer.querySelector("time").textContent = `${hours}:${minutes}:${rest}`;
    const title = `${hours}:${minutes} #${timer.dataset.number} · ${plainTitle}`;
    if (document.title !== title) document.title = title;
  }

  /* --- instants on the reader's clock: that of their account, wherever the browser is (docs/desk.md rule 103) --- */
  const SHAPES = {
    time: { hour: "2-digit", minute: "2-digit" },
    date: { weekday: "short", day: "numeric", month: "short" },
    recent: { weekday: "short", hour: "2-digit", minute: "2-digit" },
    datetime: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    day: { dateStyle: "short" },
    full: { dateStyle: "full", timeStyle: "long" },
  };
  const STEPS = [
    ["minute", 60],
    ["hour", 3600],
    ["day", 86400],
  ];

  /* An old browser may not know a zone by its name; its own clock is better than none. */
  function known(zone) {
    try {
      return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone && zone;
    } catch {
      return undefined;
    }
  }

  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const timeZone = known(root.dataset.zone);
  const formats = new Map();

  function written(shape, instant) {
    if (!formats.has(shape)) formats.set(shape, new Intl.DateTimeFormat(lang, { ...SHAPES[shape], timeZone }));
    return formats.get(shape).format(instant);
  }

  /* Two names may be one clock (Asia/Calcutta and Asia/Kolkata): what they show in each quarter tells. */
  function differ(one, other) {
    const shape = { dateStyle: "short", timeStyle: "short" };
    const [first, second] = [one, other].map((zone) => new Intl.DateTimeFormat("en", { ...shape, timeZone: zone }));
    return [0, 1, 2, 3].some((quarter) => {
      const instant = Date.now() + quarter * 91 * 86400000;
      return first.format(instant) !== second.format(instant);
    });
  }

  function offerZone() {
    if (!timeZone || !known(here) || !differ(timeZone, here)) return;
    for (const box of all("[data-browser-zone]")) {
      const said = box.querySelector("[data-words]");
      said.textContent = said.dataset.words.replace("%s", here);
      if (box.elements) box.elements.time_zone.value = here;
      box.hidden = false;
    }
  }

  function ago(instant) {
    const seconds = Math.max(0, (Date.now() - instant) / 1000);
    const [unit, size] = STEPS.findLast(([, step]) => seconds >= step) ?? STEPS[0];
    return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "narrow" }).format(
      Math.floor(seconds / size),
    );
  }

  function shapeOf(shape, instant) {
    const days = (Date.now() - instant) / 86400000;
    if (shape !== "datetime" || days < 0 || days > 6) return shape;
    return written("day", instant) === written("day", Date.now()) ? "time" : "recent";
  }

  function showTimes() {
    for (const element of all("time[data-local]")) {
      const instant = new Date(element.dateTime);
      if (Number.isNaN(instant.valueOf())) continue;
      const shape = element.dataset.local;
      element.textContent = shape === "ago" ? ago(instant) : written(shapeOf(shape, instant), instant);
      element.title = written("full", instant);
    }
  }

  /* --- durations while they are typed --- */
  function showReading(field) {
    const output = document.getElementById(field.dataset.shows);
    const day = field.form?.elements.day?.value || undefined;
    const seconds = window.durations.read(field.value, { day, zone: field.dataset.zone });
    if (output) output.textContent = seconds ? `= ${window.durations.write(seconds)}` : "";
  }

  /* --- lists --- */
  function filterRows(field) {
    const words = field.value.toLocaleLowerCase(lang).split(/\s+/).filter(Boolean);
    for (const row of all("[data-row]", document.querySelector(field.dataset.filter))) {
      const text = row.textContent.toLocaleLowerCase(lang);
      row.hidden = !words.every((word) => text.includes(word));
    }
  }

  function walk(step) {
    const links = all("[data-rows] [data-row]:not([hidden]) a[data-main]");
    const here = links.indexOf(document.activeElement);
    links[Math.min(Math.max(here + step, 0), links.length - 1)]?.focus();
  }

  function countChecked(form) {
    const fields = [...form.elements];
    const masters = fields.filter((field) => field.dataset.checkAll);
    if (masters.length === 0) return;
    const boxes = fields.filter((field) => field.type === "checkbox" && field.name === masters[0].dataset.checkAll);
    const ticked = boxes.filter((box) => box.checked).length;
    for (const master of masters) {
      master.checked = ticked > 0 && ticked === boxes.length;
      master.indeterminate = ticked > 0 && ticked < boxes.length;
    }
    for (const output of all("[data-count]", form)) output.textContent = String(ticked);
  }

  /* --- single keys (WCAG 2.1.4: they can be switched off, and be others; docs/desk.md rules 52 and 53) --- */
  const own = JSON.parse(root.dataset.keys || "{}"); // by our key the one that this person presses
  const ours = new Map(Object.entries(own).map(([key, pressed]) => [pressed, key]));

  let pressed = "";
  let forget = 0;

  const keysOn = () => !("keysOff" in root.dataset) && memory.get("keys") !== "off";

  /* Which of our keys was pressed; none where it was moved elsewhere. Capitals are those of the same key. */
  function keyOf({ key }) {
    if (key.length !== 1) return key;
    const low = key.toLowerCase();
    const meant = ours.get(low) ?? (low in own ? "" : low);
    return low === key ? meant : meant.toUpperCase();
  }

  const chordShown = (chord) => chord.split(" ").map((key, at) => (at === 0 ? (own[key] ?? key) : key));

  function showHints() {
    for (const cap of all("[data-key] kbd, kbd[data-hint]")) {
      const inherited = cap.closest("[data-key]")?.dataset.key;
      cap.dataset.hint ??= cap.textContent.trim().toLowerCase();
      const { hint } = cap.dataset;
      if (inherited && inherited !== hint) continue;
      const shown = own[hint] ?? hint;
      cap.textContent = cap.closest("#keys") ? shown : shown.toUpperCase();
      cap.hidden = !keysOn() && !cap.closest("#keys");
    }
  }

  window.keys = { on: keysOn, of: keyOf, press: act, shown: chordShown };
  const visible = (element) => element.checkVisibility({ checkVisibilityCSS: true });
  const isTyping = (target) =>
    target.isContentEditable ||
    target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button])");

  function act(element) {
    if (element.matches("input:not([type=radio], [type=checkbox]), textarea, select")) {
      element.focus();
    } else {
      element.click();
      const box = element.popoverTargetElement;
      if (box?.matches(":popover-open")) box.querySelector("[data-first]")?.focus(); // before the next key
      if (element.matches("[data-then-focus]")) document.querySelector(element.dataset.thenFocus)?.focus();
    }
  }

  const enterOf = (field) => document.querySelector(`[data-enter-for="${CSS.escape(field.id)}"]`);

  function toggleTimer() {
    const row = document.activeElement?.closest("[data-item]");
    const quick = document.querySelector("#timer [data-quick-start]");
    const here = document.querySelector("#timer [data-started]")?.dataset.number === row?.dataset.item;
    if (row && quick && !here) {
      quick.elements.number.value = row.dataset.item;
      quick.requestSubmit();
      return true;
    }
    return false;
  }

  function press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!keysOn() || isTyping(event.target)) return;
    const key = pressed ? event.key : keyOf(event);
    if (key === "?") {
      document.getElementById("keys")?.togglePopover();
      event.preventDefault();
      return;
    }
    if (key.length !== 1 || key === " ") return;
    if (key === "j" || key === "k") {
      walk(key === "j" ? 1 : -1);
      return;
    }
    const chord = pressed ? `${pressed} ${key}` : key;
    const keyed = all("[data-key]");
    const target = keyed.find((element) => element.dataset.key === chord && visible(element));
    clearTimeout(forget);
    pressed = "";
    if (target) {
      event.preventDefault();
      if (chord !== "s" || !toggleTimer()) act(target);
    } else if (keyed.some((element) => element.dataset.key.startsWith(`${chord} `))) {
      pressed = chord;
      forget = setTimeout(() => {
        pressed = "";
      }, 1500);
    }
  }

  function listKeys(dialog) {
    const list = dialog.querySelector("[data-key-list]");
    const seen = new Set();
    list.replaceChildren();
    for (const element of all("[data-key]")) {
      const { key, keyLabel } = element.dataset;
      const label = keyLabel ?? element.textContent.trim();
      if (seen.has(key) || !label) continue;
      seen.add(key);
      const name = document.createElement("dt");
      const keys = document.createElement("dd");
      name.textContent = label;
      for (const part of chordShown(key)) {
        const cap = document.createElement("kbd");
        cap.textContent = part;
        keys.append(cap, " ");
      }
      list.append(name, keys);
    }
    dialog.querySelector("[data-keys-switch]").checked = keysOn();
  }

  /* --- events: all delegated, so that what htmx swaps in needs no wiring --- */
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) nextTheme();
    const filler = event.target.closest("[data-fill]");
    if (filler) {
      const field = document.getElementById(filler.dataset.fill);
      field.value = filler.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches("[data-auto-submit]")) field.form.requestSubmit();
    if (field.matches("[data-keys-switch]")) {
      memory.set("keys", field.checked ? "on" : "off");
      showHints();
    }
    if (field.matches("[data-check-all]")) {
      for (const box of field.form.elements) if (box.name === field.dataset.checkAll) box.checked = field.checked;
    }
    if (field.form) countChecked(field.form);
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) filterRows(event.target);
    if (event.target.matches("[data-shows]")) showReading(event.target);
  });

  document.addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && event.target.closest?.("form:has([data-send-key])");
    if (form && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(event.shiftKey ? form.querySelector("[data-send-shift]") : null);
    } else if (event.key === "Enter" && event.target.id && enterOf(event.target)) {
      event.preventDefault();
      enterOf(event.target).click();
    } else if (event.target instanceof Element) {
      press(event);
    }
  });

  document.addEventListener(
    "toggle",
    (event) => {
      const box = event.target;
      if (event.newState !== "open" || !box.matches?.("[popover]")) return;
      if (box.id === "keys") listKeys(box);
      if (!box.contains(document.activeElement)) box.querySelector("[data-first]")?.focus();
    },
    true,
  );

  /* An answer that is another page (signed out, ticket gone elsewhere) is visited, not squeezed into a fragment. */
  document.addEventListener("htmx:before:response", (event) => {
    const { raw } = event.detail.ctx.response;
    if (raw.redirected && new URL(raw.url).pathname !== location.pathname) {
      event.preventDefault();
      location.assign(raw.url);
    }
  });

  /* What failed says so; what was typed stays where it is. */
  function sayFailed(hasFailed) {
    const toast = document.getElementById("failed");
    if (toast) toast.hidden = !hasFailed;
  }

  document.addEventListener("htmx:response:error", (event) => {
    const { status } = event.detail.ctx.response;
    if (status !== 422) sayFailed(true);
  });

  /* No answer at all: nothing was sent, and nothing waits to be sent later. */
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) sayFailed(true);
  });

  /* A form that would leave the page for one that cannot come stays, while there is no connection. */
  document.addEventListener(
    "submit",
    (event) => {
      const isOffline = !navigator.onLine || document.getElementById("live-lost")?.hidden === false;
      if (!isOffline || event.target.method !== "post" || event.target.hasAttribute("hx-post")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      sayFailed(true);
      document.dispatchEvent(new Event("helpdesk:ask")); // whether it is back
    },
    true,
  );

  document.addEventListener("helpdesk:back", () => sayFailed(false));
  document.addEventListener("htmx:after:swap", refresh);
  document.addEventListener("helpdesk:fresh", refresh); // live.js put something new in its place

  function refresh() {
    showTheme();
    showTimes();
    showHints();
    tick();
    for (const form of document.forms) countChecked(form);
    for (const field of all("[data-filter]")) if (field.value) filterRows(field);
  }

  refresh();
  offerZone();
  /* By numbers: scrollIntoView would let the first Tab begin there, and not at the link that skips the frame. */
  const newest = location.hash ? null : document.querySelector("[data-newest]");
  if (newest) {
    const margin = Number.parseFloat(getComputedStyle(root).scrollPaddingBlockEnd) || 0;
    scrollTo(scrollX, scrollY + newest.getBoundingClientRect().bottom + margin - innerHeight);
  }
  setInterval(tick, 1000);
  setInterval(showTimes, 60000);
})();
