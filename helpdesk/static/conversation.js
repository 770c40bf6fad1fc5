/* Links to single messages: copied by a click, and found where they lead, folded or not on the page yet
   (docs/desk.md rules 68 and 69).

   data-copy-link="Copied"   a link to a message; says so */
(() => {
  "use strict";

  /* What somebody came for: unfolded where it is folded, asked for where a long conversation left it out. */
  function arrive() {
    if (!/^#m\d+$/.test(location.hash)) return;
    const message = document.querySelector(location.hash);
    if (!message) {
      const address = new URL(location.href);
      const id = location.hash.slice(2);
      if (!document.getElementById("conversation") || address.searchParams.get("at") === id) return; // gone, or elsewhere
      address.searchParams.set("at", id);
      location.replace(address);
      return;
    }
    const folds = [message.closest("details"), message.querySelector(":scope > details")];
    for (const fold of folds) if (fold) fold.open = true;
    message.scrollIntoView({ block: "center" });
  }

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-copy-link]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      await navigator.clipboard.writeText(link.href);
    } catch {
      location.assign(link.href); // no clipboard here: its address is in the bar then
      return;
    }
    link.dataset.said = link.dataset.copyLink;
    setTimeout(() => delete link.dataset.said, 1500);
  });

  addEventListener("hashchange", arrive);
  arrive();
})();
