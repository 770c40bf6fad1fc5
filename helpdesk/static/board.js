/* The board: a card that is dragged, or moved by Shift and an arrow key, sets its own select and sends its form.
   What is sent is the same as without a script; the answer takes the board's place.

   data-board          the board
   data-column="open"  a column, with the state that its cards have
   data-card="12"      a card, with the number of its task */
"use strict";

(() => {
  let dragged = null;
  let focusAfter = null;

  const columns = () => [...document.querySelectorAll("[data-board] [data-column]")];

  function move(card, column) {
    if (!column || column === card.closest("[data-column]")) return;
    focusAfter = card.querySelector("a").id;
    card.querySelector("select").value = column.dataset.column;
    card.querySelector("form").requestSubmit();
  }

  function mark(column) {
    for (const one of columns()) one.classList.toggle("over", one === column);
  }

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-card]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.card);
  });
  document.addEventListener("dragover", (event) => {
    const column = dragged && event.target.closest?.("[data-board] [data-column]");
    if (!column) return;
    event.preventDefault();
    mark(column);
  });
  document.addEventListener("drop", (event) => {
    const column = dragged && event.target.closest?.("[data-board] [data-column]");
    if (!column) return;
    event.preventDefault();
    move(dragged, column);
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    mark(null);
  });

  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const card = event.target.closest?.("[data-card]");
    if (!step || !card || !event.shiftKey || event.target.matches("select")) return;
    event.preventDefault();
    const all = columns();
    move(card, all[all.indexOf(card.closest("[data-column]")) + step]);
  });

  new MutationObserver(() => {
    const card = focusAfter && document.getElementById(focusAfter);
    if (card && document.activeElement === document.body) card.focus();
  }).observe(document.getElementById("content"), { childList: true, subtree: true });
})();
