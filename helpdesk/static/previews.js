/* Files of a conversation shown over it: Escape closes, arrow keys go to the one before and after. Without it each file
   is a page of its own (docs/desk.md rule 63).

   data-preview         a link to such a page
   data-close-preview   a button in it that closes it */
(() => {
  "use strict";

  const pane = document.createElement("dialog");
  pane.className = "pvpane";
  pane.setAttribute("aria-labelledby", "preview-name");
  let asked = 0;

  async function show(address) {
    const mine = ++asked;
    let html;
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      html = await answer.text();
    } catch {
      location.assign(address); // its page says what is wrong
      return;
    }
    if (mine !== asked) return; // the next one was asked for meanwhile
    pane.innerHTML = html;
    pane.querySelector("[data-close-preview]").hidden = false;
    if (!pane.isConnected) document.body.append(pane);
    if (!pane.open) pane.showModal();
    pane.querySelector("#preview-name").focus();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-preview]");
    if (event.target === pane || event.target.closest?.("[data-close-preview]")) pane.close();
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!link.closest("dialog") && link.closest("#preview")) return; // from page to page
    event.preventDefault();
    show(link.href);
  });

  pane.addEventListener("close", () => {
    asked += 1;
    pane.replaceChildren();
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.closest?.("input, textarea, select")) return;
    const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = way && document.querySelector(`#preview a[rel="${way}"]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
})();
