/* Picking rows of the queue by keyboard and by ranges; without it every box and button works one by one.

   x                the row that has focus is picked, or not any more
   Shift with x or a click   all rows from the last one that was picked
   Escape           nothing is picked
   After an act the focus is on the row again, and where that has left the view on the one after it; j and k go on from
   there as the rows stood before the act, whatever it moved.
   A key of the bar with nothing picked is about the row that has focus. */
(() => {
  "use strict";

  const UNDO_MS = 10_000;
  const bar = document.getElementById("bulk-bar");
  const boxes = () => [...document.querySelectorAll("#queue [data-row]:not([hidden]) input[name=pick]")];
  const isPicked = () => boxes().some((box) => box.checked);
  const boxOf = (element) => element?.closest?.("[data-row]")?.querySelector("input[name=pick]");
  let last = null; // the box that was ticked last

  /* --- where somebody is, kept over an act: the rows as they stood, and the one that was acted on last --- */
  const PLACE = "queue-place";
  const PLACE_MS = 60_000;
  const rows = () => [...document.querySelectorAll("#queue [data-row]:not([hidden])")];
  const linkOf = (number) => document.querySelector(`#queue [data-item="${CSS.escape(number)}"] a[data-main]`);
  let place = null; // numbers in their order before the act, and where in it somebody is

  function keepPlace() {
    const numbers = rows().map((row) => row.dataset.item);
    const picked = boxes().filter((box) => box.checked);
    const at = numbers.indexOf(picked.at(-1)?.closest("[data-row]").dataset.item);
    if (at < 0) return;
    const order = place?.numbers.includes(numbers[at]) ? place.numbers : numbers;
    try {
      const kept = { numbers: order, at: order.indexOf(numbers[at]), path: location.pathname, when: Date.now() };
      sessionStorage.setItem(PLACE, JSON.stringify(kept));
    } catch {
      /* then the focus is where a new page has it */
    }
  }

  function findPlace() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
      sessionStorage.removeItem(PLACE);
      return kept && Date.now() - kept.when < PLACE_MS && kept.path === location.pathname ? kept : null;
    } catch {
      return null;
    }
  }

  /* The next row by the order of before that is still there; a row that came meanwhile is reached from the top. */
  function nearest(from, step) {
    for (let at = from; at >= 0 && at < place.numbers.length; at += step) {
      const link = linkOf(place.numbers[at]);
      if (link) return { link, at };
    }
    return null;
  }

  function goOn(found) {
    if (!found) return false;
    place.at = found.at;
    found.link.focus();
    return true;
  }

  function walkOn(step) {
    const here = document.activeElement?.closest?.("[data-row]")?.dataset.item;
    return place !== null && here === place.numbers[place.at] && goOn(nearest(place.at + step, step));
  }

  function show() {
    if (!bar) return;
    bar.hidden = !isPicked();
    bar.querySelector("[data-count]").textContent = String(boxes().filter((box) => box.checked).length);
    for (const box of boxes()) box.closest("[data-row]").classList.toggle("picked", box.checked);
  }

  function pick(box, { checked = !box.checked, range = false } = {}) {
    const all = boxes();
    const [from, to] = [all.indexOf(range && last ? last : box), all.indexOf(box)].sort((a, b) => a - b);
    for (const each of all.slice(Math.max(from, 0), to + 1)) each.checked = checked;
    last = box;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  const isTyping = (target) => target.matches("textarea, select, input:not([type=checkbox])");

  /* Before app.js hears of it: a key of the bar works only where the bar is to be seen. */
  document.addEventListener(
    "keydown",
    (event) => {
      if (!bar || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (!(event.target instanceof Element) || isTyping(event.target) || !window.keys.on()) return;
      if (event.key === "Escape" && isPicked() && !document.querySelector(":popover-open")) {
        for (const box of boxes()) box.checked = false;
        show();
        return;
      }
      const box = boxOf(event.target);
      if (!box) return;
      const key = window.keys.of(event);
      if ((key === "j" || key === "k") && walkOn(key === "j" ? 1 : -1)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      if (key.toLowerCase() === "x") {
        event.preventDefault();
        pick(box, { range: event.shiftKey });
      } else if (!isPicked() && bar.querySelector(`[data-key="${CSS.escape(key)}"]`)) {
        pick(box, { checked: true });
      }
    },
    true,
  );

  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches?.("#queue input[name=pick]")) return;
    if (event.shiftKey && last) pick(box, { checked: box.checked, range: true });
    last = box;
  });

  document.addEventListener("submit", (event) => event.target.id === "bulk" && keepPlace());
  document.addEventListener("change", show);
  document.addEventListener("helpdesk:fresh", show);
  document.querySelector("#bulk-bar [data-check-all]")?.removeAttribute("hidden");
  show();
  place = findPlace();
  if (place && document.activeElement === document.body) goOn(nearest(place.at, 1) ?? nearest(place.at, -1));

  const toast = document.querySelector("[data-done]");
  if (toast) {
    const url = new URL(location.href);
    url.searchParams.delete("done");
    history.replaceState(history.state, "", url); // asked for anew, this page offers it no more
    setTimeout(() => toast.remove(), UNDO_MS);
  }
})();
