/* Where somebody is, kept when the page is not.

   data-came-from="/path"   on the document: a refused form was answered at an address that is no page; the form's own
                            page is the address again, for a reload and for what live.js asks
   data-begin               a form in which somebody begins at once, where there is a keyboard; so does one that the
                            address leads to (#add), in its first empty field, and a field that it leads to
   form [role=alert]        a form that was refused, on a page or in what htmx swaps in: its first field that is wrong
                            has the focus, else its first
   What had the focus and was swapped out gives it to its successor: by id, by name, by its key, else to what the part
   that was swapped is for. */
(() => {
  "use strict";

  const { cameFrom } = document.documentElement.dataset;
  if (cameFrom) {
    for (const form of document.forms) if (!form.hasAttribute("action")) form.action = location.href;
    history.replaceState(history.state, "", cameFrom);
  }

  const FIELDS = "input:not([type=hidden]), select, textarea";
  const SUBMIT = "button[type=submit]";
  const isShown = (element) => element.type !== "hidden" && element.checkVisibility({ checkVisibilityCSS: true });
  const first = (selector, from) => [...from.querySelectorAll(selector)].find(isShown);
  const quoted = (name, value) => (value ? `[${name}="${CSS.escape(value)}"]` : null);

  function refused(from) {
    const said = first("form [role=alert]", from);
    const form = said?.closest("form");
    const field = form && (first("[aria-invalid=true]", form) ?? first(FIELDS, form));
    field?.focus();
    said?.scrollIntoView({ block: "nearest" });
    return Boolean(field);
  }

  let left = null; // what had the focus before a swap: how to find it again, and the part in which it stood

  document.addEventListener("htmx:before:swap", () => {
    const element = document.activeElement;
    if (!element || element === document.body) return;
    left = {
      marks: [quoted("id", element.id), quoted("name", element.getAttribute("name")), quoted("data-key", element.dataset.key)],
      parts: [],
    };
    for (let part = element.parentElement; part && part !== document.body; part = part.parentElement) {
      if (part.id) left.parts.push(part.id);
    }
  });

  document.addEventListener("htmx:after:swap", () => {
    if (!left || document.activeElement !== document.body) return;
    const { marks, parts } = left;
    left = null;
    const part = parts.map((id) => document.getElementById(id)).find(Boolean);
    if (!part) return;
    if (refused(part)) return;
    for (const mark of [...marks.filter(Boolean), SUBMIT, "button, a[href]"]) {
      const found = first(mark, part);
      if (found) return found.focus();
    }
  });

  /* Somebody who has begun already, before all of the page was there, is left where they are. */
  function begin() {
    if (document.activeElement !== document.body) return;
    const led = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (led && led.matches(FIELDS)) return void led.focus();
    const form = led ? (led.querySelector("form") ?? led.closest("form")) : document.querySelector("[data-begin]");
    if (form) [...form.querySelectorAll(FIELDS)].find((field) => isShown(field) && !field.value)?.focus();
  }

  /* A browser goes to the place that the address names once all has been read, whoever is at work elsewhere by then. */
  addEventListener("DOMContentLoaded", () => {
    if (location.hash && document.activeElement?.matches(FIELDS)) {
      history.replaceState(history.state, "", location.pathname + location.search);
    }
  });

  if (!refused(document) && matchMedia("(hover: hover)").matches) {
    if (location.hash) addEventListener("load", () => setTimeout(begin)); // a fragment takes the focus as it is scrolled to
    else begin();
  }
})();
