/* The week, filled by keyboard. Without this script the sheet is a plain form with one button. With it every cell saves
   itself as it is left, by sending that form with this one cell in it, and takes what changed out of the page that answers.

   In a cell: arrows, Enter and Tab move on and save, Escape puts back, typing replaces; n opens its entries and notes,
   s starts the timer on the row, a goes to the field for a new row, and what the page does with l, u, [ and ] (copy last
   week, submit, week before, week after) it does from a cell too, once everything is saved. Once something is typed, or after F2, the left and
   right arrows stay inside. */
(() => {
  "use strict";

  const sheet = document.getElementById("sheet");
  if (!sheet) return;
  const FIELD = "input[name]:not([type=hidden])";
  const CELL = `td.num > ${FIELD}`;
  const PARTS = ["ts-stats", "ts-foot", "ts-lists", "ts-submit", "ts-strip", "flashes"];
  const RETRY = 5000;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const isCell = (element) => Boolean(element?.matches?.(`#sheet ${CELL}`));
  const state = document.getElementById("ts-state");
  const dialog = document.getElementById("cell-dialog");

  /* What the server has in a cell, and whether somebody typed something else since the page was drawn. */
  const saidBefore = (input) => sheet.elements[`was.${input.name}`];
  const stored = (input) => saidBefore(input)?.value.split("|")[1] ?? "";
  const touched = (input) => input.value.trim() !== input.defaultValue;

  /* --- saving: one cell after the other, in the order in which they were left --- */
  const waiting = new Map(); // name of a cell -> what was typed
  const saved = new Set();
  let sending = ""; // the name of the cell that is on its way, and what was typed into it
  let sent = "";
  let failed = false;
  let afterwards = null;

  const idle = () => !sending && waiting.size === 0;

  function mark(name, word) {
    const box = sheet.elements[name]?.closest("td");
    box?.classList.remove("saving", "saved", "unsaved");
    box?.classList.add(word);
  }

  function tell() {
    for (const name of saved) mark(name, "saved");
    for (const name of waiting.keys()) mark(name, failed ? "unsaved" : "saving");
    if (sending) mark(sending, "saving");
    for (const input of all(`${CELL}[aria-invalid]`, sheet)) if (touched(input) || isRefused(input)) mark(input.name, "unsaved");
    if (!state) return;
    state.textContent = failed ? state.dataset.failed : idle() ? state.dataset.saved : state.dataset.saving;
    state.classList.toggle("danger", failed);
  }

  const isRefused = (input) => input.defaultValue !== stored(input);

  function leave(input, insists = false) {
    delete input.closest("td").dataset.reading;
    const text = input.value.trim();
    if (input.readOnly || waiting.get(input.name) === text || (sending === input.name && sent === text)) return;
    if (!touched(input) && !(insists && isRefused(input))) return;
    saved.delete(input.name);
    waiting.set(input.name, text);
    send();
  }

  function withOneCell(name, text) {
    const body = new FormData();
    for (const field of ["csrf_token", "week", "person_id", `was.${name}`]) {
      const element = sheet.elements[field];
      if (element) body.set(field, element.value);
    }
    body.set(name, text);
    return { method: "POST", body, keepalive: true };
  }

  async function send() {
    tell();
    if (sending || waiting.size === 0) return goOn();
    const [name, text] = waiting.entries().next().value;
    waiting.delete(name);
    sending = name;
    sent = text;
    tell();
    try {
      const answer = await fetch(sheet.action, withOneCell(name, text));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("ts-grid")) throw new Error(String(answer.status));
      sending = "";
      failed = false;
      if (answer.ok) saved.add(name);
      takeOver(page, name, text);
    } catch {
      sending = "";
      failed = true;
      if (!waiting.has(name)) waiting.set(name, text);
      tell();
      setTimeout(send, RETRY);
      return;
    }
    send();
  }

  function goOn() {
    if (!idle() || !afterwards) return;
    const act = afterwards;
    afterwards = null;
    act();
  }

  /* --- the parts of the answer that changed; what somebody types meanwhile stays as it is --- */
  const plain = (part) => part.innerHTML.replace(/name="csrf_token" value="[^"]*"/g, "");

  function takeOver(page, name, text) {
    for (const id of PARTS) {
      const [here, there] = [document.getElementById(id), page.getElementById(id)];
      if (here && there && plain(here) !== plain(there) && !here.contains(document.activeElement))
        here.replaceChildren(...there.childNodes);
    }
    const grid = document.getElementById("ts-grid");
    for (const body of all("tbody", page.getElementById("ts-grid"))) {
      const here = document.getElementById(body.id);
      if (here) takeRows(here, body, name, text);
      else grid.insertBefore(body, grid.tFoot);
    }
    showDay(chosenDay);
    tell();
  }

  function takeRows(here, there, name, text) {
    const focused = here.contains(document.activeElement) ? document.activeElement : null;
    const caret = isCell(focused) ? [focused.selectionStart, focused.selectionEnd] : null;
    returning = true; // a field that is carried over loses the focus, and nobody has left it
    for (const input of all(CELL, here)) {
      const fresh = there.querySelector(`input[name="${CSS.escape(input.name)}"]`);
      const typedSince = input.name === name ? input.value.trim() !== text : touched(input);
      if (fresh && (typedSince || waiting.has(input.name))) keep(input, fresh);
    }
    here.replaceChildren(...there.childNodes);
    const again = focused?.isConnected ? focused : document.getElementById(focused?.id ?? "");
    again?.focus({ preventScroll: true });
    if (focused?.isConnected && caret) focused.setSelectionRange(...caret);
    else if (isCell(again)) again.select();
    if (again && again === typing) showReading(again);
    returning = false;
  }

  /* The field and what its cell said when it was last seen go over together, so that a change elsewhere is told. */
  function keep(input, fresh) {
    const [mine, theirs] = [saidBefore(input), fresh.closest("td").querySelector("input[type=hidden]")];
    if (mine && theirs) theirs.replaceWith(mine);
    else theirs?.remove();
    fresh.replaceWith(input);
  }

  /* --- moving --- */
  let typing = null;
  let returning = false;

  const visible = (element) => element.checkVisibility();
  const columnOf = (input) => input.closest("td").cellIndex;

  function move(input, rows, columns) {
    const lines = all("tbody tr[data-item]", sheet);
    const at = lines.indexOf(input.closest("tr"));
    const found = rows
      ? (rows > 0 ? lines.slice(at + 1) : lines.slice(0, at).reverse()).map((line) => line.cells[columnOf(input)])
      : [...input.closest("tr").cells].filter((cell) => (cell.cellIndex - columnOf(input)) * columns > 0);
    if (columns < 0) found.reverse();
    const next = found.map((cell) => cell.querySelector(FIELD)).find((field) => field && visible(field));
    next?.focus();
    return Boolean(next);
  }

  function putBack(input) {
    typing = null;
    input.value = stored(input);
    leave(input);
    input.select();
  }

  const COMMANDS = {
    n: (input) => openCell(input),
    a: () => document.querySelector("#add-row [data-finds]")?.focus(),
    s: (input) => startTimer(input.closest("tr").dataset.item),
  };

  const OF_THE_PAGE = new Set(["l", "u", "[", "]"]);

  /* The button is looked for when everything is saved: an answer may have drawn it anew. */
  function actOnPage(key, input) {
    leave(input);
    afterwards = () => document.querySelector(`[data-key="${key}"]`)?.click();
    send();
  }

  function press(event, input) {
    const { key } = event;
    const inside = typing === input;
    let done = true;
    if (key === "ArrowUp" || key === "ArrowDown") move(input, key === "ArrowUp" ? -1 : 1, 0);
    else if ((key === "ArrowLeft" || key === "ArrowRight") && !inside) move(input, 0, key === "ArrowLeft" ? -1 : 1);
    else if (key === "Enter") {
      leave(input, true);
      typing = null;
      if (!move(input, event.shiftKey ? -1 : 1, 0)) input.select();
    } else if (key === "Escape") putBack(input);
    else if (key === "F2") {
      typing = input;
      input.setSelectionRange(input.value.length, input.value.length);
    } else if (!inside && COMMANDS[key]) COMMANDS[key](input);
    else if (!inside && OF_THE_PAGE.has(key)) actOnPage(key, input);
    else if (input.readOnly && /^[0-9]$/.test(key)) openCell(input);
    else done = !inside && /^\p{L}$/u.test(key); // a stray letter replaces nothing
    if (done) event.preventDefault();
  }

  function startTimer(number) {
    const quick = document.querySelector("#timer [data-quick-start]");
    if (!quick) return;
    quick.elements.number.value = number;
    quick.requestSubmit();
  }

  function showReading(input) {
    const day = input.name.split(".")[2];
    const seconds = window.durations.read(input.value, { day, zone: input.closest("tbody").dataset.zone });
    const text = seconds ? `= ${window.durations.write(seconds)}` : input.value.trim() ? "?" : "";
    input.closest("td").dataset.reading = text;
    if (state) state.textContent = text;
  }

  /* --- a cell opened: its own page, in a dialog --- */
  async function openCell(input) {
    const link = input.closest("td").querySelector("a.open");
    if (!link) return;
    if (touched(input)) leave(input);
    if (!idle()) {
      afterwards = () => openCell(sheet.elements[input.name]);
      return;
    }
    let part = null;
    try {
      const answer = await fetch(link.href);
      part = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("cell");
    } catch {
      /* no network: the link itself is followed and says so */
    }
    if (!part) return void location.assign(link.href);
    dialog.replaceChildren(part);
    dialog.showModal();
    dialog.querySelector("[id$='-note']")?.focus();
  }

  /* --- a narrow page shows one day --- */
  let chosenDay = document.querySelector("#ts-strip [aria-current]")?.dataset.day ?? "";

  function showDay(day) {
    chosenDay = day;
    const column = document.querySelector(`#ts-grid thead [data-day="${day}"]`)?.cellIndex;
    for (const row of all("#ts-grid tr"))
      for (const cell of row.cells) if (cell.matches(".num")) cell.classList.toggle("on", cell.cellIndex === column);
    for (const link of all("#ts-strip a")) {
      if (link.dataset.day === day) link.setAttribute("aria-current", "date");
      else link.removeAttribute("aria-current");
    }
  }

  /* --- items that letters could mean --- */
  let soon = 0;

  async function find(field) {
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("find", field.value);
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = page.getElementById(field.dataset.finds);
    if (list) document.getElementById(field.dataset.finds).replaceChildren(...list.childNodes);
  }

  function walkFound(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const list = event.target.closest?.(".found")?.id ?? event.target.dataset?.finds;
    if (!list) return;
    const stops = [document.querySelector(`[data-finds="${list}"]`), ...all(`#${list} button`)];
    const at = stops.indexOf(event.target);
    if (!step || at < 0) return;
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
    event.preventDefault();
  }

  /* Where more is to be typed than the item, a choice fills its field instead of sending the form. */
  function takeFound(button) {
    const [list, form] = [button.closest(".found"), button.form];
    document.querySelector(`[data-finds="${list.id}"]`).value = button.dataset.fills;
    list.replaceChildren();
    all(FIELD, form).find((field) => !field.value)?.focus();
  }

  /* --- events --- */
  sheet.addEventListener("focusin", (event) => {
    if (!isCell(event.target) || returning) return;
    typing = null;
    event.target.select();
  });
  sheet.addEventListener("focusout", (event) => {
    if (isCell(event.target) && !returning && event.target.isConnected) leave(event.target);
  });
  sheet.addEventListener("input", (event) => {
    if (!isCell(event.target)) return;
    typing = event.target;
    showReading(event.target);
  });
  sheet.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !isCell(event.target)) return;
    press(event, event.target);
  });
  sheet.addEventListener("click", (event) => {
    const link = event.target.closest("a.open");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    openCell(link.closest("td").querySelector(FIELD));
  });
  document.addEventListener("click", (event) => {
    const found = event.target.closest("[data-fills]");
    if (found) {
      event.preventDefault();
      takeFound(found);
    }
    const day = event.target.closest("#ts-strip a");
    if (day) {
      event.preventDefault();
      showDay(day.dataset.day);
    }
    if (event.target.closest("[data-close-dialog]") && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-finds]")) return;
    clearTimeout(soon);
    soon = setTimeout(find, 150, event.target);
  });
  document.addEventListener("keydown", walkFound);
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (form !== sheet && idle()) return;
      event.preventDefault();
      if (form !== sheet) afterwards = () => form.requestSubmit(event.submitter);
    },
    true,
  );
  window.addEventListener("online", send);
  window.addEventListener("beforeunload", (event) => {
    if (failed && !idle()) event.preventDefault();
  });
  window.addEventListener("pagehide", () => {
    for (const [name, text] of waiting) fetch(sheet.action, withOneCell(name, text));
  });

  for (const button of all("[data-without-script]")) button.hidden = true;
  window.addEventListener("load", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (isCell(target)) setTimeout(() => target.focus()); // after the browser's own way to the place
  });
})();
