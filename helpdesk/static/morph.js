/* Makes a part of the page like another one, and leaves alone what is the same: what somebody typed, marked, unfolded or
   listens to stays, for its elements stay.

   window.morph(old, fresh)   a pair of elements of the same kind */
(() => {
  "use strict";

  /* What the reader or a script of ours says by these is theirs. */
  const isOwn = (name, element) =>
    name === "style" ||
    name === "data-whole" ||
    name.startsWith("data-htmx") ||
    (name === "open" && element.localName === "details") ||
    (name === "hidden" && element.matches("[data-fit-all]"));

  /* Elements are the same thing again where all of this is: others come and go. */
  const SAME = ["id", "class", "name", "type", "href", "src", "action", "for", "hx-trigger", "data-piece"];

  /* What these stand for, and the labels around them, is their value: a tick or a choice passes on to nothing else. */
  const VALUED = "button, option, input[type=checkbox], input[type=radio]";

  function kindOf(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
    const holder = node.localName === "label" ? node.control : node;
    const value = holder?.matches(VALUED) ? holder.getAttribute("value") : null;
    const frame = node.localName === "svg" ? node.innerHTML : "";
    return [node.localName, value, frame, ...SAME.map((name) => node.getAttribute(name))].join("\u0000");
  }

  /* The longest way through both lists on which all are the same, as pairs: which of the old ones stay, and as what. */
  function pairs(old, fresh) {
    const [olds, freshes] = [old, fresh].map((nodes) => nodes.map(kindOf));
    const length = Array.from({ length: old.length + 1 }, () => new Array(fresh.length + 1).fill(0));
    for (let i = old.length - 1; i >= 0; i--) {
      for (let j = fresh.length - 1; j >= 0; j--) {
        length[i][j] =
          olds[i] === freshes[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
      }
    }
    const found = new Map();
    for (let i = 0, j = 0; i < old.length && j < fresh.length; ) {
      if (olds[i] === freshes[j]) found.set(fresh[j++], old[i++]);
      else if (length[i + 1][j] >= length[i][j + 1]) i++;
      else j++;
    }
    return found;
  }

  function attributes(old, fresh) {
    for (const { name, value } of fresh.attributes) {
      if (!isOwn(name, old) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!isOwn(name, old) && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
  }

  function children(old, fresh) {
    const [olds, freshes] = [[...old.childNodes], [...fresh.childNodes]];
    const found = pairs(olds, freshes);
    const kept = new Set(found.values());
    for (const node of olds) if (!kept.has(node)) node.remove();
    let at = old.firstChild;
    for (const node of freshes) {
      const same = found.get(node);
      if (same) {
        at = same.nextSibling;
        morph(same, node);
      } else {
        const added = document.adoptNode(node);
        old.insertBefore(added, at);
        if (added.nodeType === Node.ELEMENT_NODE) window.htmx?.process(added);
      }
    }
  }

  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    /* A script has written this instant on the reader's clock. */
    if (old.localName === "time" && old.dateTime === fresh.dateTime && old.dataset.local === fresh.dataset.local) return;
    attributes(old, fresh);
    if (old.localName !== "textarea") children(old, fresh);
  }

  window.morph = morph;
})();
