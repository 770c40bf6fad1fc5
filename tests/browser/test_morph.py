"""What is made like what came anew keeps its state where it is the same thing, and hands it to no other thing."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

import helpdesk

SCRIPT = Path(helpdesk.__file__).parent / "static" / "morph.js"
CHOSEN = """([before, after, choose]) => {
  document.body.innerHTML = `<form>${before}</form>`;
  const form = document.querySelector("form");
  for (const input of form.querySelectorAll("input")) input.checked = input.value === choose;
  for (const select of form.querySelectorAll("select")) select.value = choose;
  const fresh = new DOMParser().parseFromString(`<form>${after}</form>`, "text/html").querySelector("form");
  window.morph(form, fresh);
  return new FormData(form).getAll("chosen");
}"""
CUT = """([before, after]) => {
  document.body.innerHTML = `<div>${before}</div>`;
  const part = document.querySelector("div");
  const [frame, button] = part.children;
  button.hidden = false;
  frame.toggleAttribute("data-whole", true);
  const fresh = new DOMParser().parseFromString(`<div>${after}</div>`, "text/html").querySelector("div");
  window.morph(part, fresh);
  return [button.hidden, frame.hasAttribute("data-whole"), part.lastElementChild.textContent];
}"""
FRAME = '<iframe class="mailframe" data-fit></iframe><button type="button" data-fit-all hidden>Show all of it</button>'


def tick(kind: str, *values: str) -> str:
    return "".join(f'<label><input type="{kind}" name="chosen" value="{value}">{value}</label>' for value in values)


def choice(*values: str) -> str:
    options = "".join(f'<option value="{value}">{value}</option>' for value in ("", *values))
    return f'<select id="to" name="chosen">{options}</select>'


def confirmed(addresses: str) -> str:
    asked = '<input type="checkbox" name="chosen" value="y">To them'
    return f'<p>{addresses}</p><label data-piece="{addresses}">{asked}</label>'


@pytest.mark.parametrize(
    ("before", "after", "choose", "stays"),
    [
        (tick("checkbox", "4", "5"), tick("checkbox", "5"), "4", []),
        (tick("checkbox", "4", "5"), tick("checkbox", "5"), "5", ["5"]),
        (tick("radio", "4", "5"), tick("radio", "5", "6"), "4", []),
        (choice("4", "5"), choice("5"), "4", [""]),
        (choice("4", "5"), choice("3", "4", "5"), "4", ["4"]),
        (confirmed("a@x.example"), confirmed("a@x.example, b@y.example"), "y", []),
        (confirmed("a@x.example"), confirmed("a@x.example") + "<p>more</p>", "y", ["y"]),
    ],
)
def test_what_is_ticked_or_chosen_passes_on_to_no_other_thing(
    browser: Browser, before: str, after: str, choose: str, stays: list[str]
) -> None:
    page = browser.new_page()
    page.add_script_tag(path=SCRIPT)

    chosen = page.evaluate(CHOSEN, [before, after, choose])

    page.close()
    assert chosen == stays


def test_a_mail_that_is_cut_or_shown_whole_stays_so(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(path=SCRIPT)

    shown = page.evaluate(CUT, [f"{FRAME}<p>Leaving</p>", f"{FRAME}<p>Sent</p>"])

    page.close()
    assert shown == [False, True, "Sent"]
