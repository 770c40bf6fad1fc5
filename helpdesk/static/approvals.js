/* The queue of approvals by keyboard; app.js walks its rows with j and k and clicks what has a data-key.

   x                  ticks the row in focus
   a, r               act on what is ticked; where nothing is, on the row in focus, which is let go where r is taken back
   data-ids-of="id"   a form that takes the ticked boxes of another form along */
(() => {
  "use strict";

  const form = document.getElementById("approve");
  if (!form) return;

  const boxes = () => [...form.elements].filter((field) => field.type === "checkbox" && field.name === "ids");
  const boxInFocus = () => document.activeElement?.closest("[data-row]")?.querySelector("input[name=ids]");

  function tick(box, on) {
    if (box.checked === on) return;
    box.checked = on;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  let tickedByKey = null;
  document.getElementById("reject-many")?.addEventListener("toggle", (event) => {
    if (event.newState !== "closed" || !tickedByKey) return;
    tick(tickedByKey, false);
    tickedByKey = null;
  });

  /* Before app.js hears of a key, so that what it clicks finds the row in focus ticked. */
  document.addEventListener(
    "keydown",
    (event) => {
      const typing = event.target.matches?.("textarea, select, input:not([type=checkbox])");
      if (event.ctrlKey || event.metaKey || event.altKey || typing || !window.keys.on()) return;
      const box = boxInFocus();
      if (!box) return;
      const key = window.keys.of(event);
      if (key === "x") {
        tick(box, !box.checked);
        event.preventDefault();
      } else if ((key === "a" || key === "r") && !boxes().some((each) => each.checked)) {
        tick(box, true);
        tickedByKey = box;
      }
    },
    true,
  );

  document.addEventListener("submit", (event) => {
    const other = event.target;
    if (other.dataset.idsOf !== form.id) return;
    for (const old of other.querySelectorAll("input[data-taken]")) old.remove();
    for (const box of boxes().filter((each) => each.checked)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "ids", value: box.value });
      field.dataset.taken = "";
      other.append(field);
    }
  });
})();
