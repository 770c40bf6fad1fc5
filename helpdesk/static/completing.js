/* A box of the search completes the value behind an operator (from:, client: …) while it is typed; the palette does by itself.

   data-completes="/path"  on an input: where suggestions are asked, at most once a pause and only behind an operator.
   The arrow keys walk over them, Enter and Tab take one, Escape puts them away. Without this one types in full. */
(() => {
  "use strict";

  const PAUSE_MS = 90;
  const BEGUN = /(?:^|\s)-?[A-Za-z_]{2,20}:(?:"[^"]*|[^\s"]*)$/;
  const lists = new WeakMap();

  function listOf(field) {
    if (lists.has(field)) return lists.get(field);
    const list = Object.assign(document.createElement("div"), { id: `${field.id}-found`, className: "completing pal-l", hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", field.labels[0]?.textContent ?? "");
    field.parentElement.classList.add("completed");
    field.after(list);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": list.id, "aria-autocomplete": "list", "aria-expanded": "false" })) {
      field.setAttribute(name, value);
    }
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the field
    list.addEventListener("click", (event) => take(field, event.target.closest("[role=option]")));
    lists.set(field, list);
    return list;
  }

  const lines = (field) => [...listOf(field).querySelectorAll("[role=option]")];
  const chosen = (field) => listOf(field).querySelector("[aria-selected=true]");

  function choose(field, line) {
    for (const each of lines(field)) each.setAttribute("aria-selected", String(each === line));
    if (line) field.setAttribute("aria-activedescendant", line.id);
    else field.removeAttribute("aria-activedescendant");
    line?.scrollIntoView({ block: "nearest" });
  }

  function show(field, nodes) {
    const list = listOf(field);
    list.replaceChildren(...nodes);
    for (const [place, line] of lines(field).entries()) line.id = `${list.id}-${place}`;
    list.hidden = lines(field).length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    choose(field, lines(field)[0]);
  }

  function take(field, line) {
    if (!line) return;
    field.value = line.dataset.completes;
    show(field, []);
  }

  let turn = 0; // an answer that comes when it has moved on is of words that are typed no more
  let timer = 0;

  async function ask(field) {
    const mine = turn;
    try {
      const url = `${field.dataset.completes}?${new URLSearchParams({ q: field.value })}`;
      const answer = await fetch(url, { redirect: "error", headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine === turn && document.activeElement === field) show(field, found.body.childNodes);
    } catch {
      /* one types in full */
    }
  }

  document.addEventListener("input", ({ target }) => {
    if (!target.matches?.("input[data-completes]")) return;
    turn += 1;
    clearTimeout(timer);
    if (BEGUN.test(target.value) && target.selectionStart === target.value.length) timer = setTimeout(ask, PAUSE_MS, target);
    else show(target, []);
  });

  document.addEventListener("focusout", ({ target }) => {
    if (target.matches?.("input[data-completes]")) show(target, []);
  });

  document.addEventListener(
    "keydown",
    (event) => {
      const field = event.target;
      if (!field.matches?.("input[data-completes]") || event.isComposing || listOf(field).hidden) return;
      const all = lines(field);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) choose(field, all.at((all.indexOf(chosen(field)) + step + all.length) % all.length));
      else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) take(field, chosen(field));
      else if (event.key === "Escape") show(field, []);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
})();
