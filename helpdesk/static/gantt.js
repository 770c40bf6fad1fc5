/* The plan's own script: drag bars to move and stretch them, or use the keyboard; without it table, picture and forms
   stand alone. It draws by the rules of helpdesk/projects/domain/picture.py, and steps over days off as
   helpdesk/projects/domain/moving.py does; the server decides, answers with every task that it pushed, and what it
   refuses goes back to where it was. */
(() => {
  "use strict";

  const box = document.getElementById("gantt");
  if (!box) return;

  const picture = document.getElementById("gantt-body");
  const saidLine = document.getElementById("plan-said");
  const undoForm = document.getElementById("plan-undo");
  const undoButton = undoForm.querySelector("button");
  const { words, measures } = readBox();
  const DAY = 86400000;
  const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang || undefined;
  const short = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", timeZone: "UTC" });
  const long = new Intl.DateTimeFormat(lang, { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" });

  function readBox() {
    const data = box.dataset;
    return {
      words: { bars: data.bars, grab: data.grab, noNetwork: data.noNetwork, due: data.day },
      measures: {
        first: dayOf(data.first),
        days: Number(data.days),
        width: Number(data.dayWidth),
        row: Number(data.rowHeight),
        top: Number(data.top),
        bar: Number(data.bar),
        weekdays: new Set(data.weekdays.split(",").map(Number)),
        off: new Set(data.daysOff.split(",").filter(Boolean).map(dayOf)),
      },
    };
  }

  /* --- days are whole numbers since 1970, without any zone --- */
  function dayOf(text) {
    return Math.round(Date.parse(`${text}T00:00:00Z`) / 86400000);
  }

  const textOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);
  const isWorked = (day) => measures.weekdays.has((day + 3) % 7) && !measures.off.has(day); // 1 January 1970: Thursday

  function worked(day, step) {
    while (!isWorked(day)) day += step;
    return day;
  }

  function countWorked(first, last) {
    let count = 0;
    for (let day = first; day <= last; day += 1) if (isWorked(day)) count += 1;
    return count;
  }

  function lastOf(first, count) {
    let day = first;
    for (let left = count - 1; left > 0; ) {
      day += 1;
      if (isWorked(day)) left -= 1;
    }
    return day;
  }

  /* --- bars: what is drawn, and what the server last said --- */
  class Bar {
    constructor(element) {
      const data = element.dataset;
      this.element = element;
      this.number = Number(data.number);
      this.version = Number(data.version);
      this.row = Number(data.row);
      this.name = data.name;
      this.parent = data.parent ? Number(data.parent) : null;
      this.kind = ["summary", "milestone"].find((kind) => element.classList.contains(kind)) ?? "task";
      this.start = this.keptStart = dayOf(data.start);
      this.due = this.keptDue = dayOf(data.due);
      const line = document.getElementById(`t${this.number}`);
      this.line = line;
      this.link = line.querySelector("a[data-main]");
      this.done = element.querySelector(".spent");
      this.share = this.done ? Number(this.done.getAttribute("width")) / this.width : 0;
    }

    get width() {
      return (this.due - this.start + 1) * measures.width;
    }

    get x() {
      return (this.start - measures.first) * measures.width;
    }

    get begins() {
      return this.x + (this.kind === "milestone" ? measures.width / 2 : 0);
    }

    get ends() {
      const half = this.kind === "milestone" ? 2 : 1;
      return (this.due - measures.first) * measures.width + measures.width / half;
    }

    get countsWorked() {
      return this.kind === "task" && isWorked(this.keptStart) && isWorked(this.keptDue);
    }

    moveTo(start) {
      if (this.countsWorked) {
        const first = worked(start, start < this.keptStart ? -1 : 1);
        this.place(first, lastOf(first, countWorked(this.keptStart, this.keptDue)));
      } else {
        this.place(start, start + this.keptDue - this.keptStart);
      }
    }

    stretchTo(due) {
      const last = this.countsWorked ? worked(due, due < this.keptDue ? -1 : 1) : due;
      this.place(this.start, Math.max(last, this.start));
    }

    place(start, due) {
      if (start === this.start && due === this.due) return;
      this.start = start;
      this.due = due;
      this.draw();
    }

    keep(start, due, version) {
      this.keptStart = start;
      this.keptDue = due;
      if (version !== undefined) this.version = version;
      this.place(start, due);
      this.tell();
    }

    restore() {
      this.place(this.keptStart, this.keptDue);
      this.tell();
    }

    draw() {
      const shape = this.element.firstElementChild;
      const y = this.row * measures.row + measures.top;
      if (this.kind === "milestone") shape.setAttribute("d", `M${this.x + measures.width / 2} ${y - 1}l8 8-8 8-8-8z`);
      else if (this.kind === "summary")
        shape.setAttribute("d", `M${this.x} ${y + 2}h${this.width}v10l-4-4h-${Math.max(this.width - 8, 0)}l-4 4z`);
      else {
        shape.setAttribute("x", this.x);
        shape.setAttribute("width", this.width);
      }
      if (this.done) {
        this.done.setAttribute("x", this.x);
        this.done.setAttribute("width", this.width * this.share);
      }
      for (const arrow of arrowsOf.get(this.number) ?? []) arrow.draw();
    }

    /* What a screen reader says, and the table beside. */
    tell() {
      const cells = this.line.cells;
      cells[1].textContent = short.format(this.start * DAY);
      cells[2].firstChild.textContent = short.format(this.due * DAY);
      this.element.setAttribute("aria-valuenow", this.start - measures.first);
      this.element.setAttribute("aria-valuetext", this.days);
    }

    get days() {
      const first = long.format(this.start * DAY);
      return this.start === this.due ? first : `${first} – ${long.format(this.due * DAY)}`;
    }
  }

  class Arrow {
    constructor(element) {
      this.element = element;
      this.before = bars.get(Number(element.dataset.before));
      this.after = bars.get(Number(element.dataset.after));
    }

    draw() {
      const half = measures.top + measures.bar / 2;
      const y1 = this.before.row * measures.row + half;
      const y2 = this.after.row * measures.row + half;
      const x1 = this.before.ends;
      const x2 = this.after.begins;
      const head = "m-4-3l4 3-4 3";
      const middle = y2 + (y2 > y1 ? -measures.row / 2 : measures.row / 2);
      this.element.setAttribute(
        "d",
        x2 >= x1 + 12
          ? `M${x1} ${y1}h5V${y2}H${x2}${head}`
          : `M${x1} ${y1}h5V${middle}H${x2 - 8}V${y2}h8${head}`,
      );
    }
  }

  const bars = new Map();
  for (const element of picture.querySelectorAll(".gb")) {
    const bar = new Bar(element);
    bars.set(bar.number, bar);
  }
  const inOrder = [...bars.values()];
  const arrowsOf = new Map();
  for (const element of picture.querySelectorAll(".arrows path")) {
    const arrow = new Arrow(element);
    for (const bar of [arrow.before, arrow.after]) {
      if (!arrowsOf.has(bar.number)) arrowsOf.set(bar.number, []);
      arrowsOf.get(bar.number).push(arrow);
    }
  }

  function below(bar) {
    const found = inOrder.filter((one) => one.parent === bar.number);
    return found.flatMap((one) => [one, ...below(one)]);
  }

  /* --- what is said --- */
  function say(text, tone = "") {
    saidLine.className = `notice plan-said ${tone}`;
    saidLine.hidden = false;
    saidLine.textContent = text;
  }

  /* --- the server: one request after the other, each with the version that the one before gave --- */
  let queue = Promise.resolve();
  const token = undoForm.elements.csrf_token.value;

  function send(url, fields, touched) {
    queue = queue.then(() => request(url, fields, touched));
    return queue;
  }

  async function request(url, fields, touched) {
    touched?.element.classList.add("busy");
    try {
      const body = new URLSearchParams({ ...fields(), csrf_token: token });
      const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!(response.headers.get("Content-Type") ?? "").includes("json")) throw new TypeError("not JSON");
      const answer = await response.json();
      if (response.ok) apply(answer);
      else {
        restoreAll();
        say(answer.said, "danger");
      }
    } catch {
      restoreAll();
      say(words.noNetwork, "danger");
    } finally {
      touched?.element.classList.remove("busy");
    }
  }

  function restoreAll() {
    for (const bar of inOrder) bar.restore();
  }

  function apply(answer) {
    const end = measures.first + measures.days;
    for (const one of answer.changed) {
      const bar = bars.get(one.number);
      if (!bar || !one.startsOn || dayOf(one.dueOn) >= end || dayOf(one.startsOn) < measures.first) {
        location.reload(); // it left the picture, or came into it
        return;
      }
      bar.keep(dayOf(one.startsOn), dayOf(one.dueOn), one.version);
    }
    const critical = new Set(answer.critical);
    for (const bar of inOrder) {
      bar.element.classList.toggle("crit", critical.has(bar.number));
      bar.line.classList.toggle("crit", critical.has(bar.number));
      bar.line.querySelector(".sl").textContent = answer.slack[bar.number];
    }
    for (const arrows of arrowsOf.values())
      for (const { element, before, after } of arrows)
        element.setAttribute("class", critical.has(before.number) && critical.has(after.number) ? "crit" : "");
    document.getElementById("plan-summary").textContent = answer.summary;
    undoButton.disabled = !answer.mayUndo;
    say(answer.said, "ok");
  }

  function sendDays(bar) {
    const moved = bar.start !== bar.keptStart;
    if (!moved && bar.due === bar.keptDue) return;
    const day = moved ? { starts_on: textOf(bar.start) } : { due_on: textOf(bar.due) };
    send(box.dataset.move.replace(/0$/, bar.number), () => ({ ...day, version: bar.version }), bar);
  }

  /* --- by pointer: move, or stretch at the right end; Escape lets go --- */
  let drag = null;

  function edge(bar, event) {
    const right = bar.element.firstElementChild.getBoundingClientRect().right;
    const reach = event.pointerType === "touch" ? 16 : 7;
    const wide = Math.min(reach, (bar.width * 2) / 3);
    return bar.kind === "task" && event.clientX > right - wide;
  }

  picture.addEventListener("pointerdown", (event) => {
    const element = event.target.closest(".gb");
    if (!element || event.button !== 0 || drag) return;
    const bar = bars.get(Number(element.dataset.number));
    event.preventDefault();
    focus(bar);
    element.setPointerCapture(event.pointerId);
    drag = {
      bar,
      id: event.pointerId,
      stretches: edge(bar, event),
      from: event.clientX + box.scrollLeft,
      at: event.clientX,
      start: bar.start,
      due: bar.due,
      along: bar.kind === "summary" ? below(bar).map((one) => [one, one.start, one.due]) : [],
      frame: 0,
    };
    box.classList.add("dragging");
  });

  picture.addEventListener("pointermove", (event) => {
    if (!drag) {
      const element = event.target.closest(".gb");
      if (element) element.classList.toggle("stretch", edge(bars.get(Number(element.dataset.number)), event));
      return;
    }
    if (event.pointerId !== drag.id) return;
    drag.at = event.clientX;
    if (!drag.frame) drag.frame = requestAnimationFrame(follow);
  });

  function follow() {
    if (!drag) return;
    drag.frame = 0;
    const days = Math.round((drag.at + box.scrollLeft - drag.from) / measures.width);
    if (drag.stretches) drag.bar.stretchTo(drag.due + days);
    else drag.bar.moveTo(drag.start + days);
    for (const [one, start, due] of drag.along) one.place(start + days, due + days);
    const room = box.getBoundingClientRect();
    if (drag.at > room.right - 24) box.scrollLeft += 12;
    else if (drag.at < room.right - picture.parentElement.clientWidth && drag.at < room.left + 24) box.scrollLeft -= 12;
  }

  function letGo(event, keep) {
    if (!drag || (event.pointerId !== undefined && event.pointerId !== drag.id)) return;
    cancelAnimationFrame(drag.frame);
    if (keep) {
      drag.at = event.clientX;
      follow();
    }
    const { bar } = drag;
    drag = null;
    box.classList.remove("dragging");
    if (keep) sendDays(bar);
    else restoreAll();
  }

  picture.addEventListener("pointerup", (event) => letGo(event, true));
  picture.addEventListener("pointercancel", (event) => letGo(event, false));
  picture.addEventListener("dblclick", (event) => {
    const element = event.target.closest(".gb");
    if (element) bars.get(Number(element.dataset.number)).link.click();
  });

  /* --- by keyboard: what is pressed in a row is sent together --- */
  let waiting = 0;

  function sendSoon(bar) {
    clearTimeout(waiting);
    waiting = setTimeout(() => sendDays(bar), 400);
  }

  function sendNow() {
    clearTimeout(waiting);
    const bar = inOrder.find((one) => one.start !== one.keptStart || one.due !== one.keptDue);
    if (bar && !drag) sendDays(bar);
  }

  function step(bar, days, stretches) {
    if (stretches && bar.kind === "task") {
      const to = bar.due + days;
      bar.stretchTo(bar.countsWorked ? worked(to, days) : to);
    } else if (!stretches) {
      const to = bar.start + days;
      bar.moveTo(bar.countsWorked ? worked(to, days) : to);
    }
    bar.tell();
    sendSoon(bar);
  }

  const KEYS = { ArrowLeft: -1, ArrowRight: 1 };
  const ROWS = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -1e6, End: 1e6 };

  picture.addEventListener("keydown", (event) => {
    const bar = bars.get(Number(event.target.closest(".gb")?.dataset.number));
    if (!bar || event.altKey || event.metaKey) return;
    if ((event.ctrlKey && event.key === "z") || (event.key === "Escape" && drag)) {
      event.preventDefault();
      if (drag) letGo({}, false);
      else undoForm.requestSubmit();
    } else if (event.ctrlKey) {
      return;
    } else if (event.key in KEYS) {
      event.preventDefault();
      step(bar, KEYS[event.key], event.shiftKey);
    } else if (event.key in ROWS) {
      event.preventDefault();
      sendNow();
      const to = inOrder.indexOf(bar) + ROWS[event.key];
      focus(inOrder[Math.min(Math.max(to, 0), inOrder.length - 1)]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      sendNow();
      queue.then(() => bar.link.click());
    }
  });

  picture.addEventListener("focusout", () => sendNow());

  undoForm.addEventListener("submit", (event) => {
    event.preventDefault();
    sendNow();
    send(undoForm.action, () => ({}));
  });

  /* --- focus: one stop for Tab, the bars by arrows --- */
  let current = inOrder[0];

  function focus(bar) {
    if (!bar) return;
    current.element.setAttribute("tabindex", "-1");
    current.line.classList.remove("on");
    current = bar;
    bar.element.setAttribute("tabindex", "0");
    bar.element.focus({ preventScroll: true });
    show(bar);
  }

  function show(bar) {
    bar.line.classList.add("on");
    bar.line.scrollIntoView({ block: "nearest", inline: "nearest" });
    const tab = box.firstElementChild.clientWidth;
    const room = box.clientWidth - tab;
    if (bar.x < box.scrollLeft || bar.x > box.scrollLeft + room - 40) box.scrollLeft = Math.max(bar.x - 40, 0);
  }

  picture.addEventListener("focusin", () => current.line.classList.add("on"));
  picture.addEventListener("focusout", () => current.line.classList.remove("on"));

  function wake() {
    picture.removeAttribute("aria-hidden");
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", words.bars);
    for (const bar of inOrder) {
      const { element } = bar;
      element.setAttribute("role", "slider");
      element.setAttribute("aria-label", bar.name);
      element.setAttribute("aria-valuemin", 0);
      element.setAttribute("aria-valuemax", measures.days);
      element.setAttribute("aria-valuenow", bar.start - measures.first);
      element.setAttribute("aria-valuetext", bar.days);
      element.setAttribute("tabindex", bar === current ? "0" : "-1");
    }
    box.classList.add("live");
    const now = picture.querySelector(".now");
    const mark = now ? Number(now.getAttribute("d").match(/M([\d.]+)/)[1]) : (current?.x ?? 0);
    box.scrollLeft = Math.max(mark - (box.clientWidth - box.firstElementChild.clientWidth) / 3, 0);
  }

  wake();
})();
