/* Files for an answer: dropped on its form, pasted into its box or chosen, they are put to its draft at once.
   Without it the field goes along with the form.

   data-files-go-to="/path"  on the field of files: where they are sent; data-goes and data-failed say how that goes
   data-pictures-go-to       on the same: where a picture goes that is to stand between the words of an editor (rich.js)
   data-most-files, data-most-bytes   on the same: what goes along at most; the rest is refused here already, by data-large,
                             data-together, data-many and data-more
   data-files                in its form: the list of what is there; data-bytes on each
   data-drops-file           on a button of the list: takes a file away by its formaction */
(() => {
  "use strict";

  const fieldOf = (form) => form?.querySelector("[data-files-go-to]");
  const listOf = (form) => form.querySelector("[data-files]");
  const going = new Map(); // forms with files on their way: how many times, and whether to submit the form after that

  /* What this script sends must not go along with the form again. */
  function unname() {
    for (const field of document.querySelectorAll("[data-files-go-to]")) field.removeAttribute("name");
  }

  async function send(form, url, files, standing) {
    const body = new FormData();
    body.append("csrf_token", form.elements.csrf_token.value);
    if (standing) body.append("standing", standing());
    for (const file of files) body.append("files", file);
    const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    return answer.text();
  }

  function say(form, word) {
    const line = document.createElement("p");
    line.className = word === "failed" ? "danger s12" : "t3 s12";
    line.setAttribute("role", word === "failed" ? "alert" : "status");
    line.textContent = fieldOf(form).dataset[word];
    listOf(form).querySelector(":scope > p")?.remove();
    listOf(form).append(line);
  }

  /* --- what does not fit is not sent at all --- */
  const megabytes = (bytes) => `${(Math.ceil((bytes * 10) / 1048576) / 10).toFixed(1)} MB`;

  function refusalOf(text) {
    const line = document.createElement("p");
    line.className = "danger s12";
    line.setAttribute("role", "alert");
    line.textContent = text;
    return line;
  }

  function listed(field, names) {
    const rest = names.length - 3;
    const shown = names.slice(0, 3).join(", ");
    return rest > 0 ? field.dataset.more.replace("{count}", rest).replace("{names}", () => shown) : shown;
  }

  const tooLarge = (field, file) =>
    refusalOf(field.dataset.large.replace("{size}", megabytes(file.size)).replace("{name}", () => file.name));

  /* Returns the files that fit beside what is there, and one line for each reason why others do not. */
  function sorted(form, files) {
    const field = fieldOf(form);
    const [mostFiles, mostBytes] = [Number(field.dataset.mostFiles), Number(field.dataset.mostBytes)];
    const there = [...listOf(form).querySelectorAll("[data-bytes]")];
    let [count, bytes] = [there.length, there.reduce((sum, chip) => sum + Number(chip.dataset.bytes), 0)];
    const found = { fits: [], large: [], together: [], many: [] };
    for (const file of files) {
      const why = file.size > mostBytes ? "large" : count + 1 > mostFiles ? "many" : bytes + file.size > mostBytes ? "together" : "fits";
      found[why].push(file);
      if (why !== "fits") continue;
      count += 1;
      bytes += file.size;
    }
    const refusals = found.large.map((file) => tooLarge(field, file));
    for (const why of ["together", "many"]) {
      const names = found[why].map((file) => file.name);
      if (names.length) refusals.push(refusalOf(field.dataset[why].replace("{names}", () => listed(field, names))));
    }
    return { fits: found.fits, refusals };
  }

  function putFitting(form, files, ...more) {
    const { fits, refusals } = sorted(form, files);
    if (fits.length) put(form, fits, ...more);
    else more[1]?.drop();
    if (!refusals.length) return;
    const queue = going.get(form);
    if (queue) return queue.refusals.push(...refusals);
    for (const old of listOf(form).querySelectorAll(":scope > p")) old.remove();
    listOf(form).append(...refusals);
  }

  /* One after the other. What is refused stays said while the others come, and keeps the form from leaving. */
  async function put(form, files, url = fieldOf(form).dataset.filesGoTo, mark = null) {
    const queue = going.get(form) ?? { last: Promise.resolve(), left: 0, failed: false, refusals: [] };
    going.set(form, queue);
    queue.left += 1;
    if (files.length) say(form, "goes");
    queue.last = queue.last
      .then(() => send(form, url, files, mark?.standing))
      .then((html) => {
        listOf(form).innerHTML = html;
        const { dataset: got } = listOf(form).querySelector("[data-put-picture]") ?? { dataset: {} };
        if (got.putPicture) mark?.put({ id: got.putPicture, type: got.type, width: got.width, height: got.height, name: files[0].name });
        else mark?.drop();
        queue.refusals.push(...listOf(form).querySelectorAll("[role=alert]"));
        if (queue.left > 1) say(form, "goes");
      })
      .catch(({ message }) => {
        mark?.drop();
        if (message === "413") queue.refusals.push(...files.map((file) => tooLarge(fieldOf(form), file)));
        else queue.failed = true;
      });
    await queue.last;
    queue.left -= 1;
    if (queue.left) return;
    going.delete(form);
    if (queue.failed) say(form, "failed");
    listOf(form).append(...queue.refusals.filter((refusal) => !refusal.isConnected));
    if (queue.wanted && !listOf(form).querySelector("[role=alert]")) form.requestSubmit(queue.submitter);
  }

  /* Pictures that come into an editor stand where its cursor is, everything else is a file. */
  const isPicture = (file) => /^image\/(png|jpe?g|gif|webp)$/.test(file.type);

  function putAll(form, files, target) {
    const rich = target.closest?.("trix-editor[data-for]");
    const pictures = rich && fieldOf(form).dataset.picturesGoTo ? files.filter(isPicture) : [];
    const others = files.filter((file) => !pictures.includes(file));
    const box = rich && window.helpdesk.box(window.helpdesk.fieldOf(rich));
    for (const file of pictures) {
      const mark = box.mark();
      putFitting(form, [file], fieldOf(form).dataset.picturesGoTo, { ...mark, standing: () => box.html() });
    }
    if (others.length) putFitting(form, others);
  }

  const withFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files") && event.target.closest?.("form:has([data-files-go-to])");

  document.addEventListener("dragover", (event) => {
    const form = withFiles(event);
    for (const other of document.querySelectorAll("form.dropping")) other.classList.toggle("dropping", other === form);
    if (!form || !fieldOf(form)) return;
    event.preventDefault();
    form.classList.add("dropping");
  });

  document.addEventListener("dragleave", (event) => {
    const form = event.target.closest?.("form.dropping");
    if (form && !form.contains(event.relatedTarget)) form.classList.remove("dropping");
  });

  document.addEventListener("drop", (event) => {
    const form = withFiles(event);
    form?.classList?.remove("dropping");
    if (!form || !fieldOf(form)) return;
    event.preventDefault();
    putAll(form, [...event.dataTransfer.files], event.target);
  });

  document.addEventListener("paste", (event) => {
    const form = event.target.closest?.("form:has([data-files-go-to])");
    const files = [...(event.clipboardData?.files ?? [])];
    if (!form || !fieldOf(form) || !files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    putAll(form, files, event.target);
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-files-go-to]")) return;
    putFitting(event.target.form, [...event.target.files]);
    event.target.value = "";
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-drops-file]");
    if (!button) return;
    event.preventDefault();
    put(button.form, [], button.formAction);
  });

  /* Nothing leaves without what is still on its way. */
  document.addEventListener(
    "submit",
    (event) => {
      const queue = going.get(event.target);
      if (!queue) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      queue.wanted = true;
      queue.submitter = event.submitter ?? undefined;
    },
    true,
  );

  document.addEventListener("htmx:after:swap", unname);
  document.addEventListener("helpdesk:fresh", unname);
  unname();
})();
