// The keys of the form for a new ticket: from what is typed to somebody who is found, and on to the subject.
//
// Arrows go through those who are found; Enter takes the first one, or takes over what is typed of somebody new.
// data-then-focus="#id" on a button of the part: where the cursor goes once the part is there.
(() => {
  "use strict";

  const part = () => document.getElementById("asker");
  const choices = () => [...part().querySelectorAll("#asker-found .asker-list button")];
  let next = "";

  document.addEventListener("keydown", (event) => {
    if (!part()?.contains(event.target) || event.isComposing) return;
    const found = choices();
    const at = found.indexOf(event.target);
    const field = document.getElementById("who");
    if (event.target === field && event.key === "Enter") {
      const wanted = found[0] ?? part().querySelector("#asker-found button[value=new]");
      if (!wanted || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      wanted.click();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (at >= 0 || event.target === field)) {
      const to = found[at + (event.key === "ArrowDown" ? 1 : -1)] ?? (event.key === "ArrowUp" ? field : null);
      if (!to) return;
      event.preventDefault();
      to.focus();
    } else if (event.key === "Escape" && at >= 0) {
      event.preventDefault();
      field.focus();
    }
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#asker [data-then-focus]");
    if (button) next = button.dataset.thenFocus;
  });

  document.addEventListener("htmx:after:swap", () => {
    if (!next) return;
    document.querySelector(next)?.focus();
    next = "";
  });
})();
