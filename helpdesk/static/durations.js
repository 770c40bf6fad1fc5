/* How a typed duration is read, as the server does it (timekeeping/domain/worked.py): 15 or 15m is minutes, 1.5, 1,5 and 1h30
   are hours, 9:15-10:40 is a range on the client's clock. tests/typed_work.py holds both to one table.

   durations.read(text, {day, zone})  whole seconds, or null where the server would refuse it
   durations.write(seconds)           1:30, or 0:00:20 where there are odd seconds */
(() => {
  "use strict";

  const DAY = 86400;
  const NIGHT = DAY / 2;
  const CLOCK = /^([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9]))?$/;
  const MINUTES = /^([0-9]{1,6}) ?(?:m|min)?$/;
  const HOURS = /^([0-9]{1,4}) ?h ?(?:([0-5]?[0-9]) ?(?:m|min)?)?$/;
  const DECIMAL = /^([0-9]{0,4})[.,]([0-9]{1,4}) ?h?$/;
  const RANGE = /^([0-9]{1,2})(?::([0-9]{2}))? ?[-–] ?([0-9]{1,2})(?::([0-9]{2}))?$/;

  const number = (part) => Number(part || 0);

  function duration(text) {
    let parts = text.match(CLOCK);
    if (parts) return number(parts[1]) * 3600 + number(parts[2]) * 60 + number(parts[3]);
    parts = text.match(MINUTES);
    if (parts) return number(parts[1]) * 60;
    parts = text.match(HOURS);
    if (parts) return number(parts[1]) * 3600 + number(parts[2]) * 60;
    parts = text.match(DECIMAL);
    if (parts) return Math.round((number(parts[1]) * 10000 + number(parts[2].padEnd(4, "0"))) * 0.36);
    return null;
  }

  /* The distance of a zone's clocks from UTC at an instant, in milliseconds. */
  function offset(instant, zone) {
    const shape = { timeZone: zone, timeZoneName: "longOffset", hour: "numeric" };
    const name = new Intl.DateTimeFormat("en-US", shape)
      .formatToParts(instant)
      .find((part) => part.type === "timeZoneName").value;
    const parts = name.match(/([+-])([0-9]{2}):([0-9]{2})/);
    return parts ? (parts[1] === "-" ? -1 : 1) * (parts[2] * 60 + Number(parts[3])) * 60000 : 0;
  }

  /* When clocks first show a time of a day; one that a clock change skips is read by the offset before it. */
  function instantOf(day, minutes, zone) {
    const plain = Date.parse(`${day}T00:00Z`) + minutes * 60000;
    if (!zone) return plain;
    const early = plain - offset(plain - DAY * 1000, zone);
    const late = plain - offset(plain + DAY * 1000, zone);
    const shown = (instant) => instant + offset(instant, zone) === plain;
    return !shown(early) && shown(late) ? late : early;
  }

  function range(parts, day, zone) {
    const [h1, m1, h2, m2] = parts.slice(1).map(number);
    const [start, end] = [h1 * 60 + m1, h2 * 60 + m2];
    if (Math.max(h1, h2) > 23 || Math.max(m1, m2) > 59 || start === end) return null;
    const overMidnight = end < start;
    const ends = overMidnight ? end + 1440 : end;
    const seconds = (instantOf(day, ends, zone) - instantOf(day, start, zone)) / 1000;
    return overMidnight && seconds > NIGHT ? null : seconds;
  }

  function read(text, { day = "2000-01-03", zone = "" } = {}) {
    const typed = text.trim().toLowerCase();
    const parts = typed.match(RANGE);
    const seconds = parts ? range(parts, day, zone) : duration(typed);
    return seconds > 0 && seconds <= DAY ? seconds : null;
  }

  function write(seconds) {
    const two = (value) => String(value).padStart(2, "0");
    const minutes = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}`;
    return seconds % 60 ? `${minutes}:${two(seconds % 60)}` : minutes;
  }

  window.durations = { read, write };
})();
