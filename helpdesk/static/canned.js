/* Canned replies in the box of a reply: chosen by keys or mouse, put where the cursor is. Without it a page does the same.

   data-canned="/path"   on a button: where the list of them is
   data-canned-for="id"  on the same: the box that they go into; / at the beginning of a line in it opens the list, too
   data-canned-text      on a button of the list: what it says; data-canned-html: that with its formatting, where it has any */
(() => {
  "use strict";

  const opener = () => document.querySelector("[data-canned]");
  const boxOf = (button) => document.getElementById(button.dataset.cannedFor);
  const pop = () => document.getElementById("canned");
  const choices = () => [...pop().querySelectorAll("[data-row]:not([hidden]) [data-canned-text]")];

  let loaded = Promise.resolve(); // Enter waits for the list

  function open() {
    const button = opener();
    const filter = pop()?.querySelector("input");
    if (!filter) return;
    filter.value = "";
    pop().showPopover({ source: button });
    filter.focus();
    loaded = load(button, filter);
  }

  async function load(button, filter) {
    const list = pop().querySelector("[data-canned-list]");
    try {
      const answer = await fetch(button.dataset.canned, { headers: { "HX-Request": "true" }, redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      list.innerHTML = await answer.text();
      filter.dispatchEvent(new Event("input", { bubbles: true })); // what was typed meanwhile counts
    } catch {
      list.textContent = list.dataset.failed;
    }
  }

  function insert(text, html = "") {
    pop().hidePopover();
    window.helpdesk.box(boxOf(opener())).insert(text, { html });
  }

  const beginsLine = (box) => box.selectionStart === 0 || box.value[box.selectionStart - 1] === "\n";
  function inList(event) {
    const all = choices();
    const here = all.indexOf(document.activeElement);
    const filter = pop().querySelector("input");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = here + (event.key === "ArrowDown" ? 1 : -1);
      (next < 0 ? filter : all[Math.min(next, all.length - 1)])?.focus();
    } else if (event.key === "Enter" && event.target === filter) {
      event.preventDefault();
      loaded.then(() => pop().matches(":popover-open") && choices()[0]?.click());
    } else if (event.key === "/" && event.target === filter && !filter.value) {
      event.preventDefault();
      insert("/"); // twice is the sign itself
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("#canned")) {
      inList(event);
    } else if (event.key === "/" && opener() && window.keys.on()) {
      const box = boxOf(opener());
      if (window.helpdesk.fieldOf(event.target) !== box || !beginsLine(box)) return;
      event.preventDefault();
      open();
    }
  });

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest?.("#canned [data-canned-text]");
    const button = event.target.closest?.("[data-canned]");
    if (chosen || button) event.preventDefault();
    if (chosen) insert(chosen.dataset.cannedText, chosen.dataset.cannedHtml);
    else if (button) open();
  });
})();
