/* Items that letters could mean: a field with data-finds="id" asks its own page, and the list with that id is filled.
   Down and up walk from the field into the list and back; a button with data-fills fills the field. */
(() => {
  "use strict";

  const PAUSE_MS = 150;
  let soon = 0;

  /* An answer to fewer letters than stand there by now is none. */
  async function find(field) {
    const words = field.value;
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("find", words);
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = page.getElementById(field.dataset.finds);
    if (list && field.value === words) document.getElementById(field.dataset.finds).replaceChildren(...list.childNodes);
  }

  function walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const list = event.target.closest?.(".found")?.id ?? event.target.dataset?.finds;
    if (!list) return;
    const stops = [document.querySelector(`[data-finds="${list}"]`), ...document.querySelectorAll(`#${list} button`)];
    const at = stops.indexOf(event.target);
    if (!step || at < 0) return;
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
    event.preventDefault();
  }

  /* Where more is to be typed than the item, a choice fills its field instead of sending the form. */
  function take(button) {
    const [list, form] = [button.closest(".found"), button.form];
    document.querySelector(`[data-finds="${list.id}"]`).value = button.dataset.fills;
    list.replaceChildren();
    [...form.querySelectorAll("input[name]:not([type=hidden])")].find((field) => !field.value)?.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fills]");
    if (!button) return;
    event.preventDefault();
    take(button);
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-finds]")) return;
    clearTimeout(soon);
    soon = setTimeout(find, PAUSE_MS, event.target);
  });
  document.addEventListener("keydown", walk);
})();
