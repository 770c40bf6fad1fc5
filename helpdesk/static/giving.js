/* Menus that are found by typing (people and teams, macros), and the undo on the page of a ticket.

   data-finds-in="id"   a field above the buttons of a menu: typing leaves those that have all of its words, in any case
   Enter presses the first of them; down and up walk from the field over the buttons and back. */
(() => {
  "use strict";

  const UNDO_MS = 10_000;
  const fields = () => document.querySelectorAll("[data-finds-in]");
  const menuOf = (field) => document.getElementById(field.dataset.findsIn);
  const offered = (menu) => [...menu.querySelectorAll("button.item:not([hidden])")];

  function narrow(field) {
    const words = field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    for (const button of menuOf(field).querySelectorAll("button.item")) {
      const text = button.textContent.toLocaleLowerCase();
      button.hidden = !words.every((word) => text.includes(word));
    }
  }

  function refresh() {
    for (const field of fields()) {
      field.hidden = false;
      if (field.value) narrow(field);
    }
    for (const toast of document.querySelectorAll("#item [data-done]:not([data-goes])")) {
      toast.dataset.goes = "";
      setTimeout(() => toast.remove(), UNDO_MS);
      const url = new URL(location.href);
      url.searchParams.delete("done");
      history.replaceState(history.state, "", url); // asked for anew, this page offers it no more
    }
  }

  function walk(event) {
    const field = event.target.closest?.("[popover]")?.querySelector("[data-finds-in]");
    if (!field || event.isComposing) return;
    const stops = [field, ...offered(menuOf(field))];
    const at = stops.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && at >= 0) {
      stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
      event.preventDefault();
    } else if (event.key === "Enter" && event.target === field) {
      stops[1]?.click();
      event.preventDefault();
    }
  }

  document.addEventListener("input", (event) => event.target.matches("[data-finds-in]") && narrow(event.target));
  document.addEventListener("keydown", walk);
  document.addEventListener(
    "toggle",
    (event) => {
      const field = event.newState === "closed" ? event.target.querySelector?.("[data-finds-in]") : null;
      if (!field) return;
      field.value = "";
      narrow(field);
    },
    true,
  );
  document.addEventListener("htmx:after:swap", refresh);
  document.addEventListener("helpdesk:fresh", refresh);
  refresh();
})();
