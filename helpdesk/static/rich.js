/* The box in which people write: a plain text area, or over it an editor of formatted text (Trix). The text area stays the
   field of the form and has the text of what stands in the editor, with the place of the cursor; it fires `input` as ever.
   Without this the text area is all there is.

   data-editor="/path"      on the element of this script: where the editor is; without it boxes stay plain
   data-rich                on a text area: it gets the editor
   data-html                on it: what the editor begins with, where that is more than its text
   <template id="rich-tools">  the toolbar of an editor

   data-pictures-go-to      in the form of a box: where pictures are put that may stand between its words
   helpdesk.fieldOf(element)         the text area that an element of a box stands for
   helpdesk.box(field).element       what has the focus when somebody writes in it
   helpdesk.box(field).insert(text, { from, html })   puts text, or its html where there is an editor, where the cursor
                                     is, instead of what stands from there on (an index into the text area's value)
   helpdesk.box(field).mark()        of an editor: where the cursor is now. .put({ id, type, width, height, name }) puts a
                                     picture there, .drop() forgets it
   helpdesk.box(field).html()        of an editor: what stands in it, as it is sent */
(() => {
  "use strict";

  const { dataset, nonce } = document.currentScript;
  const editors = new WeakMap(); // text areas, and the editor over each
  const states = new WeakMap(); // editors, and what was last known of them: html, from, to

  const fieldOf = (element) => {
    const rich = element?.closest?.("trix-editor[data-for]");
    return rich ? document.getElementById(rich.dataset.for) : element?.matches?.("textarea") ? element : null;
  };

  /* The editor counts code points, a text area counts UTF-16 units. */
  const units = (text, points) => [...text].slice(0, points).join("").length;
  const points = (text, index) => [...text.slice(0, index)].length;

  function insertPlain(field, text, from) {
    field.focus();
    if (from !== undefined) field.setSelectionRange(from, field.selectionEnd);
    if (!document.execCommand("insertText", false, text)) field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const end = (rich) => [...rich.editor.getDocument().toString()].length - 1;

  /* Where somebody was in it, or else at its end. */
  function focus(rich) {
    const state = states.get(rich);
    const at = state.at ?? [end(rich), end(rich)];
    rich.focus();
    rich.editor.setSelectedRange(at);
    state.at = at;
  }

  function insertRich(rich, text, from, html) {
    const whole = rich.editor.getDocument().toString();
    focus(rich);
    const { at } = states.get(rich);
    rich.editor.recordUndoEntry("insert");
    rich.editor.setSelectedRange([from === undefined ? at[0] : points(whole, from), at[1]]);
    if (html) rich.editor.insertHTML(html);
    else rich.editor.insertString(text);
  }

  /* --- pictures between the words: kept HTML names them by id, the editor shows them by address --- */
  const baseOf = (field) => field.form?.querySelector("[data-pictures-go-to]")?.dataset.picturesGoTo;
  const attachmentOf = (base, { id, type = "image/png", width, height, name = "" }) => ({
    contentType: type,
    url: `${base}/${id}`,
    filename: name,
    alt: document.querySelector("[data-picture-alt]")?.dataset.pictureAlt ?? "", // its own words stand below it
    ...(width && height ? { width: Number(width), height: Number(height) } : {}),
  });

  function asShown(html, base, words) {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const image of page.querySelectorAll("img")) {
      const figure = page.createElement("figure");
      const [id, width, height] = [image.getAttribute("src").replace(/^cid:/, ""), image.getAttribute("width"), image.getAttribute("height")];
      figure.dataset.trixAttachment = JSON.stringify(attachmentOf(base, { id, width, height }));
      words.set(`${base}/${id}`, image.alt);
      image.replaceWith(figure);
    }
    return page.body.innerHTML;
  }

  function asKept(html, base, words) {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const figure of page.querySelectorAll("figure")) {
      const { url = "", width, height } = JSON.parse(figure.dataset.trixAttachment ?? "{}");
      const image = page.createElement("img");
      image.setAttribute("src", `cid:${url.slice(base?.length + 1)}`);
      image.alt = words.get(url) ?? "";
      if (width && height) Object.assign(image, { width, height });
      figure.replaceWith(...(isOurs(url, base) ? [image] : []));
    }
    return page.body.innerHTML;
  }

  const isOurs = (url, base) => Boolean(base) && url.startsWith(`${base}/`);

  /* It draws with the next frame: after this the cursor is where it is now, and not where it was. */
  function settle(rich) {
    rich.editorController?.render();
    rich.editorController?.selectionManager.selectionDidChange();
  }

  /* A picture takes a while to come, and others may come before it; it stands where it was put all the same. */
  function markIn(rich) {
    settle(rich);
    const { marks } = states.get(rich);
    const mark = { at: (document.activeElement === rich ? rich.editor.getSelectedRange() : (states.get(rich).at ?? [0, end(rich)]))[1] };
    marks.add(mark);
    const drop = () => marks.delete(mark);
    return { drop, put: (picture) => drop() && putPicture(rich, mark.at, picture) };
  }

  function putPicture(rich, at, picture) {
    settle(rich);
    const [{ activeElement }, { marks }] = [document, states.get(rich)];
    const before = activeElement === rich ? rich.editor.getSelectedRange() : null;
    const place = Math.min(at, end(rich));
    rich.editor.recordUndoEntry("picture");
    rich.editor.setSelectedRange(place);
    rich.editor.insertAttachment(new window.Trix.Attachment(attachmentOf(baseOf(fieldOf(rich)), picture)));
    for (const other of marks) if (other.at >= place) other.at += 1;
    const next = (before ?? [place, place]).map((index) => (index >= place ? index + 1 : index));
    rich.editor.setSelectedRange(next);
    states.get(rich).at = next;
    if (!before) activeElement?.focus?.({ preventScroll: true });
  }

  /* Below the editor each picture has a field for what it shows, which is its alternative text. */
  function listPictures(rich) {
    const { list, words } = states.get(rich);
    const urls = rich.editor.getDocument().getAttachments().map((one) => one.getURL());
    const rows = new Map([...list.children].map((row) => [row.dataset.url, row]));
    if (urls.join() === [...rows.keys()].join()) return;
    list.replaceChildren(...urls.map((url) => rows.get(url) ?? rowOf(rich, url, words.get(url) ?? "")));
  }

  function rowOf(rich, url, said) {
    const says = document.querySelector("[data-picture-words]").dataset.pictureWords;
    const row = Object.assign(document.createElement("li"), { className: "row" });
    row.dataset.url = url;
    const image = Object.assign(document.createElement("img"), { src: url, alt: "" });
    const input = Object.assign(document.createElement("input"), { className: "input sm", maxLength: 300, placeholder: says, value: said });
    input.setAttribute("aria-label", says);
    input.addEventListener("input", () => {
      const state = states.get(rich);
      state.words.set(url, input.value);
      state.kept.value = asKept(rich.inputElement.value, baseOf(fieldOf(rich)), state.words);
    });
    row.append(image, input);
    return row;
  }

  /* One that was taken out and came back by an undo may be gone for good. */
  async function seekPicture(rich, address) {
    const answer = await fetch(address, { method: "HEAD", redirect: "error" }).catch(() => null);
    if (answer?.status !== 404) return;
    for (const one of rich.editor.getDocument().getAttachments()) if (one.getURL() === address) one.remove();
    const list = fieldOf(rich).form.querySelector("[data-files]");
    const line = Object.assign(document.createElement("p"), { className: "danger s12", role: "alert" });
    line.textContent = fieldOf(rich).form.querySelector("[data-no-picture]").dataset.noPicture;
    list.querySelector(":scope > p")?.remove();
    list.append(line);
  }

  document.addEventListener(
    "error",
    ({ target }) => {
      const rich = target.closest?.("trix-editor[data-for]");
      if (rich && target.matches("figure img")) seekPicture(rich, target.getAttribute("src"));
    },
    true,
  );

  window.helpdesk = {
    fieldOf,
    box(field) {
      const rich = editors.get(field);
      return {
        element: rich ?? field,
        insert: (text, { from, html } = {}) => (rich ? insertRich(rich, text, from, html) : insertPlain(field, text, from)),
        mark: () => (rich ? markIn(rich) : null),
        html: () => (rich ? states.get(rich).kept.value : ""),
      };
    },
  };

  if (!dataset.editor) return;

  /* --- from the editor to the text area --- */
  function noteCursor(rich) {
    const field = fieldOf(rich);
    const state = states.get(rich);
    if (!field || !state || document.activeElement !== rich) return;
    const text = rich.editor.getDocument().toString();
    state.at = rich.editor.getSelectedRange();
    field.setSelectionRange(units(text, state.at[0]), units(text, state.at[1]));
  }

  function copy(rich) {
    const field = fieldOf(rich);
    const state = states.get(rich);
    if (!field || !state) return;
    const html = rich.inputElement.value;
    field.value = rich.editor.getDocument().toString().replace(/\n$/, "");
    noteCursor(rich);
    if (html === state.html) return;
    state.html = html;
    state.kept.value = asKept(html, baseOf(field), state.words);
    listPictures(rich);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* It draws with the next frame; what is sent is what stands in it now. */
  function flush(form) {
    for (const rich of form.querySelectorAll?.("trix-editor[data-for]") ?? []) {
      rich.editorController?.render();
      rich.editorController?.updateInputElement();
      copy(rich);
    }
  }

  /* --- over the text area --- */
  function asHtml(text) {
    const line = document.createElement("div");
    line.textContent = text.replaceAll("\ufffc", ""); // a picture is none any more
    return line.innerHTML.replace(/ (?= )|^ /gm, "&nbsp;").replace(/\r?\n/g, "<br>");
  }

  /* Who typed before the editor was there goes on with that text, and no picture is lost. */
  function picturesOf(html) {
    const page = new DOMParser().parseFromString(html ?? "", "text/html");
    return [...page.querySelectorAll("img")].map((image) => image.outerHTML).join("");
  }

  function takeOver(field) {
    if (editors.has(field) || field.closest("details:not([open])")) return;
    const isFocused = document.activeElement === field;
    const cursor = [field.selectionStart, field.selectionEnd]; // while it still knows: the editor moves it
    const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    const isTouched = field.value !== field.defaultValue;
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", id: `${field.id}-html` });
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name: "html" });
    const words = new Map();
    kept.value = isTouched || !field.dataset.html ? asHtml(field.value) + picturesOf(field.dataset.html) : field.dataset.html;
    hidden.value = asShown(kept.value, baseOf(field), words);
    const tools = document.getElementById("rich-tools").content.firstElementChild.cloneNode(true);
    tools.id = `${field.id}-tools`;
    const rich = document.createElement("trix-editor");
    rich.id = `${field.id}-rich`;
    rich.className = "rich";
    rich.dir = "auto"; // Hebrew and Arabic begin at their own side
    rich.dataset.for = field.id;
    for (const [name, value] of Object.entries({ input: hidden.id, toolbar: tools.id, "aria-label": label.textContent, "aria-multiline": "true" })) {
      rich.setAttribute(name, value);
    }
    for (const name of ["aria-controls", "aria-autocomplete", "aria-describedby", "aria-invalid"]) {
      if (field.hasAttribute(name)) rich.setAttribute(name, field.getAttribute(name));
    }
    editors.set(field, rich);
    label.removeAttribute("for");
    field.before(tools, hidden, kept);
    const list = Object.assign(document.createElement("ul"), { className: "rich-pictures" });
    field.after(rich, list);
    const isSame = isTouched || !field.dataset.html; // else the two count differently
    const at = isFocused && isSame ? cursor.map((index) => points(field.value, index)) : null;
    states.set(rich, { html: hidden.value, kept, at, marks: new Set(), words, list });
    field.hidden = true;
    field.required = false; // the server says so: a field that nobody sees cannot
    field.focus = () => focus(rich);
    if (isFocused) focus(rich);
  }

  function takeOverAll() {
    if (!customElements.get("trix-editor")) return;
    for (const field of document.querySelectorAll("textarea[data-rich]")) takeOver(field);
  }

  document.addEventListener("trix-before-initialize", () => {
    const { config } = window.Trix;
    delete config.blockAttributes.heading1;
    Object.assign(config.attachments.preview.caption, { name: false, size: false });
    config.lang.captionPlaceholder = "";
    window.Trix.controllers.AttachmentEditorController.prototype.install = function install() {
      this.makeElementMutable();
      this.addToolbar(); // and no field for words between the words: it takes style attributes, and fast fingers astray
    };
  });
  document.addEventListener("trix-initialize", ({ target }) => {
    const state = states.get(target);
    if (!state) return;
    state.html = target.inputElement.value;
    state.kept.value = asKept(state.html, baseOf(fieldOf(target)), state.words);
    listPictures(target);
    copy(target);
  });
  document.addEventListener("trix-change", ({ target }) => copy(target));
  document.addEventListener("trix-selection-change", ({ target }) => noteCursor(target));
  document.addEventListener("submit", (event) => flush(event.target), true);

  /* Files go to the draft (attachments.js); what comes with a pasted page and is no text of ours stays there. */
  document.addEventListener("trix-file-accept", (event) => event.preventDefault());
  document.addEventListener("trix-attachment-add", ({ target, attachment }) => {
    const field = fieldOf(target);
    if (!field || attachment.getAttribute("content") || attachment.getHref() || !isOurs(attachment.getURL() ?? "", baseOf(field))) attachment.remove();
  });

  /* Styles of a pasted page mean nothing here, and a browser told to refuse them says so for each. */
  const STYLES = /<style\b[^]*?<\/style\s*>|\s(?:style|on[a-z]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)|<img\b[^>]*>|<!--[^]*?-->/gi;
  document.addEventListener(
    "beforeinput",
    (event) => {
      const rich = event.target.closest?.("trix-editor[data-for]");
      const html = rich && event.inputType === "insertFromPaste" && event.dataTransfer?.getData("text/html");
      if (!html || event.dataTransfer.getData("URL")) return;
      event.preventDefault();
      event.stopPropagation();
      rich.editor.recordUndoEntry("paste");
      rich.editor.insertHTML(html.replace(STYLES, " "));
    },
    true,
  );

  /* --- its toolbar: one stop of the Tab key, arrows go through it --- */
  const buttonsOf = (tools) => [...tools.querySelectorAll("[role=toolbar] button")];

  document.addEventListener("trix-attributes-change", ({ target }) => {
    for (const button of buttonsOf(target.toolbarElement)) {
      if (button.dataset.trixAttribute) button.setAttribute("aria-pressed", String("trixActive" in button.dataset));
    }
  });

  const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
  function walk(event, button) {
    const all = buttonsOf(button.closest("trix-toolbar"));
    const ends = { Home: all[0], End: all.at(-1) };
    const step = STEPS[event.key];
    const next = step ? all[(all.indexOf(button) + step + all.length) % all.length] : ends[event.key];
    if (!next) return;
    event.preventDefault();
    for (const one of all) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  }

  /* An address that somebody types as they say it: example.com, ida@example.com. */
  function complete(dialog) {
    const input = dialog?.querySelector("[data-trix-input]");
    const typed = input?.value.trim() ?? "";
    if (!typed) return;
    if (!/^[a-z][a-z0-9+.-]*:/i.test(typed)) input.value = /^[^/\s]+@[^/\s]+$/.test(typed) ? `mailto:${typed}` : `https://${typed}`;
    const { editor } = document.querySelector(`trix-editor[toolbar="${dialog.closest("trix-toolbar").id}"]`);
    const [from, to] = editor.getSelectedRange();
    past = from === to ? { editor, at: from + [...input.value].length } : null;
  }

  /* An address that was put where nothing was marked is behind whoever writes on. */
  let past = null;
  document.addEventListener("trix-toolbar-dialog-hide", () => {
    past?.editor.setSelectedRange(past.at);
    past?.editor.deactivateAttribute("href");
    past = null;
  });

  /* A frame after what was typed it puts the cursor where it belongs, and takes the focus back from wherever somebody has
     gone by then: it draws before they go. */
  const leave = (event) => {
    const rich = document.activeElement?.closest?.("trix-editor[data-for]");
    if (rich && (event.type === "keydown" || !rich.contains(event.target))) rich.editorController?.render();
  };
  document.addEventListener("pointerdown", leave, true);

  document.addEventListener(
    "keydown",
    (event) => {
      const opensPalette = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
      if (event.key === "Tab" || opensPalette) leave(event);
      const rich = event.key === "/" && event.target.closest?.("trix-editor[data-for]");
      if (rich?.editorController) {
        settle(rich);
        copy(rich);
      } else if (event.target.matches?.("trix-toolbar [role=toolbar] button")) {
        walk(event, event.target);
      } else if (event.key === "Enter" && event.target.matches?.("trix-toolbar [data-trix-input]")) {
        complete(event.target.closest("[data-trix-dialog]"));
      }
    },
    true,
  );
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.("trix-toolbar button");
      if (!button) return;
      if (button.dataset.trixMethod === "setAttribute") complete(button.closest("[data-trix-dialog]"));
      /* It listens to the mouse alone; what a key or a screen reader presses is a click without one. */
      if (event.detail === 0 && !button.dataset.trixMethod) button.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true }));
    },
    true,
  );

  /* --- it comes after the page --- */
  document.addEventListener("toggle", takeOverAll, true);
  /* Whoever writes in a box that is drawn anew goes on in the new one. */
  let writing = "";
  document.addEventListener("htmx:before:swap", () => {
    writing = fieldOf(document.activeElement)?.id ?? "";
  });
  document.addEventListener("htmx:after:swap", () => {
    takeOverAll();
    if (writing && !fieldOf(document.activeElement)) document.getElementById(writing)?.focus();
    writing = "";
  });
  document.addEventListener("helpdesk:fresh", takeOverAll);
  if (document.querySelector("textarea[data-rich]")) load();

  function load() {
    const meta = document.createElement("meta"); // for its two style elements
    meta.name = "trix-csp-nonce";
    meta.nonce = nonce;
    const script = document.createElement("script");
    script.nonce = nonce;
    script.src = dataset.editor;
    document.head.append(meta, script);
    customElements.whenDefined("trix-editor").then(takeOverAll);
  }
})();
