/* The week, filled by keyboard. Without this script the sheet is a plain form with one button. With it every cell saves
   itself as it is left, by sending that form with this one cell in it, and takes what changed out of the page that answers.

   In a cell: arrows, Enter and Tab move on and save, Escape puts back, typing replaces; n opens its entries and notes,
   s starts the timer on the row, a goes to the field for a new row, and what the page does with l, u, [ and ] (copy last
   week, submit, week before, week after) it does from a cell too, once everything is saved. Once something is typed, or
   after F2, the left and right arrows stay inside.

   Nothing typed is lost without a word: what was typed before this script came is saved as if it had been left here; a
   link or a form waits until everything is saved, and is dropped where a cell was refused; a refused cell keeps its text
   and its reason until it is put right, whatever else is saved; and who leaves by another way is asked first. */
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
  const isRefused = (input) => input.defaultValue !== stored(input);
  const isUnsaved = (input) => touched(input) || isRefused(input);

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
    for (const input of all(`${CELL}[aria-invalid]`, sheet)) if (isUnsaved(input)) mark(input.name, "unsaved");
    if (!state) return;
    const isRight = !all(CELL, sheet).some(isRefused);
    const word = failed ? "failed" : !idle() ? "saving" : isRight ? "saved" : "refused";
    state.textContent = state.dataset[word];
    state.classList.toggle("danger", failed || word === "refused");
  }

  function leave(input, insists = false) {
    delete input.closest("td").dataset.reading;
    const text = input.value.trim();
    const onItsWay = sending === input.name ? sent : null;
    const meant = waiting.get(input.name) ?? onItsWay;
    if (input.readOnly || meant === text) return;
    if (meant === null && !touched(input) && !(insists && isRefused(input))) return;
    saved.delete(input.name);
    if (onItsWay === text) waiting.delete(input.name);
    else waiting.set(input.name, text);
    send();
  }

  /* The cell in which somebody is, as if it was left: the page itself goes, or nobody sees it any more. */
  function leaveHere() {
    if (isCell(document.activeElement)) leave(document.activeElement);
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
      takeOver(page, name, text, answer.ok);
      if (!answer.ok) stayAt(name);
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

  /* What was to come once everything is saved does not come: there is a reason to read. */
  function stayAt(name) {
    if (!afterwards) return;
    afterwards = null;
    sheet.elements[name]?.focus();
  }

  function goOn() {
    if (!idle() || !afterwards) return;
    const act = afterwards;
    afterwards = null;
    act();
  }

  /* --- the parts of the answer that changed; what somebody types meanwhile stays as it is --- */
  const plain = (part) => part.innerHTML.replace(/name="(csrf_token|form_key)" value="[^"]*"/g, "");

  function takeOver(page, name, text, isSaved) {
    for (const id of PARTS) {
      const [here, there] = [document.getElementById(id), page.getElementById(id)];
      if (here && there && plain(here) !== plain(there) && !here.contains(document.activeElement))
        here.replaceChildren(...there.childNodes);
    }
    const grid = document.getElementById("ts-grid");
    for (const body of all("tbody", page.getElementById("ts-grid"))) {
      const here = document.getElementById(body.id);
      if (here) takeRows(here, body, name, text, isSaved);
      else grid.insertBefore(body, grid.tFoot);
    }
    showDay(chosenDay);
    tell();
  }

  function takeRows(here, there, name, text, isSaved) {
    const focused = here.contains(document.activeElement) ? document.activeElement : null;
    const caret = isCell(focused) ? [focused.selectionStart, focused.selectionEnd] : null;
    const gone = new Set();
    returning = true; // a field that is carried over loses the focus, and nobody has left it
    for (const input of all(CELL, here)) {
      const isAnswered = input.name === name;
      const isNew = isAnswered ? input.value.trim() !== text : isUnsaved(input);
      if (!isNew && !waiting.has(input.name)) continue;
      const fresh = there.querySelector(`input[name="${CSS.escape(input.name)}"]`);
      if (!fresh) gone.add(input.closest("tr"));
      else if (isAnswered && isSaved && isOurs(fresh, text)) retype(input, fresh);
      else keep(input, fresh);
    }
    here.replaceChildren(...there.childNodes, ...gone);
    const again = focused?.isConnected ? focused : document.getElementById(focused?.id ?? "");
    again?.focus({ preventScroll: true });
    if (isCell(again) && caret && again.value === focused.value) again.setSelectionRange(...caret);
    else if (isCell(again)) again.select();
    if (again && typing === focused) typing = again;
    if (again && again === typing) showReading(again);
    returning = false;
  }

  /* The field, what its cell said when it was last seen, and why it was refused go over together: so a change elsewhere
     is told, and no reason goes before its cell is right. */
  function keep(input, fresh) {
    const [mine, theirs] = [saidBefore(input), fresh.closest("td").querySelector("input[type=hidden]")];
    const reason = isRefused(input) && reasonOf(input, document);
    if (mine && theirs) theirs.replaceWith(mine);
    else if (mine) fresh.after(mine);
    else theirs?.remove();
    if (reason) {
      reasonOf(fresh, fresh.closest("tbody"))?.remove();
      fresh.closest("tr").after(reason);
    }
    fresh.replaceWith(input);
  }

  const reasonOf = (input, from) => from.querySelector(`#${CSS.escape(`n${input.name}`)}`)?.closest("tr");

  /* What was just saved is what the cell says now: what was typed over it since is no conflict. */
  function retype(input, fresh) {
    fresh.value = input.value;
    if (input === typing) typing = fresh;
  }

  function isOurs(fresh, text) {
    const seconds = read(fresh, text);
    return fresh.defaultValue === (seconds ? window.durations.write(seconds) : "");
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

  function read(input, text) {
    const [, , day] = input.name.split(".");
    return window.durations.read(text, { day, zone: input.closest("tbody").dataset.zone });
  }

  function showReading(input) {
    const seconds = read(input, input.value);
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
    const before = typing;
    try {
      const answer = await fetch(link.href);
      part = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("cell");
    } catch {
      /* no network: the link itself is followed and says so */
    }
    if (typing !== before) return; // somebody types on, and is not interrupted
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

  /* --- what leads away waits for what was typed --- */
  function hold(event, act) {
    event.preventDefault();
    event.stopImmediatePropagation();
    afterwards = act;
  }

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      leaveHere();
      if (form === sheet) event.preventDefault();
      else if (!idle()) hold(event, () => form.requestSubmit(event.submitter));
    },
    true,
  );
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest("a[href]");
      if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      if (link.target || link.matches("a.open, #ts-strip a, [data-close-dialog]")) return;
      leaveHere();
      if (!idle() && !failed) hold(event, () => (link.isConnected ? link.click() : location.assign(link.href)));
    },
    true,
  );
  window.addEventListener("online", send);
  window.addEventListener("beforeunload", (event) => {
    leaveHere();
    if (!idle() || all(CELL, sheet).some((input) => !input.readOnly && isUnsaved(input))) event.preventDefault();
  });
  window.addEventListener("pagehide", () => {
    leaveHere();
    for (const [name, text] of waiting) fetch(sheet.action, withOneCell(name, text));
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") leaveHere();
  });

  for (const input of all(CELL, sheet)) if (input !== document.activeElement) leave(input);
  if (isCell(document.activeElement)) {
    if (touched(document.activeElement)) typing = document.activeElement;
    else document.activeElement.select();
  }
})();
