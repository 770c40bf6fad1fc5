/* Naming a colleague in a note: @ opens the list of those who see this ticket or task, and typing narrows it. Arrow keys
   choose, Enter or Tab puts the name in its place, Escape closes. Without it the whole name or login is typed.

   data-mentions="/path"  on the box: where the names are */
(() => {
  "use strict";

  const MOST = 8;
  const WORD = /(?:^|[^\w.+\-@/])@([^\s@][^@\n]{0,39}|)$/; // from the sign to the cursor
  let people = null; // asked for once, when the first sign is typed
  let at = -1; // where the sign stands
  let chosen = 0;

  const list = () => document.getElementById("mentions");
  const isOpen = () => list()?.matches(":popover-open") ?? false;
  const choices = () => [...list().children];

  async function load(box) {
    try {
      const answer = await fetch(box.dataset.mentions, { headers: { Accept: "application/json" }, redirect: "error" });
      people = answer.ok ? (await answer.json()).people : [];
    } catch {
      people = null; // asked again with the next key
    }
  }

  function close(box) {
    if (isOpen()) list().hidePopover();
    if (!box) return;
    const { element } = window.helpdesk.box(box);
    element.removeAttribute("aria-activedescendant");
    element.setAttribute("aria-expanded", "false");
  }

  function mark(box, index) {
    const all = choices();
    chosen = (index + all.length) % all.length;
    for (const [place, choice] of all.entries()) choice.setAttribute("aria-selected", String(place === chosen));
    all[chosen].scrollIntoView({ block: "nearest" });
    window.helpdesk.box(box).element.setAttribute("aria-activedescendant", all[chosen].id);
  }

  function show(box, found) {
    list().replaceChildren(
      ...found.map(({ name, label }, index) => {
        const choice = document.createElement("li");
        Object.assign(choice, { id: `mention-${index}`, className: "item", role: "option", textContent: name });
        choice.dataset.label = label;
        return choice;
      }),
    );
    const { element } = window.helpdesk.box(box);
    if (!isOpen()) list().showPopover({ source: element });
    element.setAttribute("aria-expanded", "true");
    mark(box, 0);
  }

  /* Who begins with what is typed, by name or login; after them those of whose names another word does. */
  function fitting(typed) {
    const begins = ({ name, login }) => [name, login].some((word) => word.toLowerCase().startsWith(typed));
    const has = ({ name }) => name.toLowerCase().split(/\s+/).some((word) => word.startsWith(typed));
    const first = people.filter(begins);
    return [...first, ...people.filter((person) => !first.includes(person) && has(person))].slice(0, MOST);
  }

  async function look(box) {
    const word = box.value.slice(0, box.selectionStart).match(WORD);
    if (!word) return close(box);
    if (!people) await load(box);
    const now = box.value.slice(0, box.selectionStart).match(WORD); // what was typed meanwhile
    if (!now || window.helpdesk.fieldOf(document.activeElement) !== box) return close(box);
    at = box.selectionStart - now[1].length - 1;
    const found = people ? fitting(now[1].toLowerCase()) : [];
    if (found.length === 0) return close(box);
    show(box, found);
  }

  function insert(box, label) {
    const after = /^\s/.test(box.value.slice(box.selectionStart)) ? "" : " ";
    window.helpdesk.box(box).insert(`@${label}${after}`, { from: at });
    close(box);
  }

  const boxOf = (event) => {
    const box = window.helpdesk.fieldOf(event.target);
    return box?.matches("[data-mentions]") ? box : null;
  };

  document.addEventListener("input", (event) => boxOf(event) && list() && look(boxOf(event)));
  document.addEventListener("focusout", (event) => boxOf(event) && close(boxOf(event)));
  document.addEventListener(
    "keydown",
    (event) => {
      const box = boxOf(event);
      if (!box || !list() || !isOpen() || event.isComposing || event.ctrlKey || event.metaKey) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(box, chosen + (event.key === "ArrowDown" ? 1 : -1));
      else if (event.key === "Enter" || event.key === "Tab") insert(box, choices()[chosen].dataset.label);
      else if (event.key === "Escape") close(box);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  document.addEventListener("pointerdown", (event) => {
    const choice = event.target.closest?.("#mentions [data-label]");
    const box = document.querySelector("[data-mentions]");
    if (!choice || !box) return;
    event.preventDefault(); // the box keeps the cursor
    insert(box, choice.dataset.label);
  });
})();
