/* Picking rows of the queue by keyboard and by ranges; without it every box and button works one by one.

   x                the row that has focus is picked, or not any more
   Shift with x or a click   all rows from the last one that was picked
   Escape           nothing is picked
   A key of the bar with nothing picked is about the row that has focus. */
(() => {
  "use strict";

  const UNDO_MS = 10_000;
  const bar = document.getElementById("bulk-bar");
  const boxes = () => [...document.querySelectorAll("#queue [data-row]:not([hidden]) input[name=pick]")];
  const isPicked = () => boxes().some((box) => box.checked);
  const boxOf = (element) => element?.closest?.("[data-row]")?.querySelector("input[name=pick]");
  let last = null; // the box that was ticked last

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

  document.addEventListener("change", show);
  document.addEventListener("helpdesk:fresh", show);
  document.querySelector("#bulk-bar [data-check-all]")?.removeAttribute("hidden");
  show();

  const toast = document.querySelector("[data-done]");
  if (toast) {
    const url = new URL(location.href);
    url.searchParams.delete("done");
    history.replaceState(history.state, "", url); // asked for anew, this page offers it no more
    setTimeout(() => toast.remove(), UNDO_MS);
  }
})();
