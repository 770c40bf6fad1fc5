"""docs/answering.md rules 15 to 22: people write formatted text, by mouse, by keys alone or not at all."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.chromium import Visitor
from tests.browser.site import Site

PASTED = """(box) => {
  const data = new DataTransfer();
  data.setData("text/html", `<style>p{color:red}</style><p class="MsoNormal" style="color:red" onclick="alert(1)">Word
    <b>says</b> <img src="data:image/png;base64,AAAA" onerror="globalThis.ran=1"><o:p></o:p></p>`);
  data.setData("text/plain", "Word says");
  const how = { inputType: "insertFromPaste", dataTransfer: data, bubbles: true, cancelable: true };
  box.dispatchEvent(new InputEvent("beforeinput", how));
}"""


def test_an_answer_is_formatted_by_keys_kept_refused_sent_and_taken_back_with_all_of_it(
    fresh: Site, visit: Callable[..., Visitor]
) -> None:
    visitor = visit("technician", viewport={"width": 390, "height": 844})
    page = visitor.goto("/items/{story_ticket}".format(**fresh.ids))
    box, field, keys = page.get_by_label("Your reply"), page.locator("#reply-body"), page.keyboard
    tools, mine = page.get_by_role("toolbar", name="Formatting"), page.get_by_role("article").last

    expect(page.locator("#reply-body-rich")).to_be_visible()
    box.focus()
    keys.press("Shift+Tab")
    expect(tools.get_by_role("button", name="Bold")).to_be_focused()
    keys.press("Enter")
    expect(tools.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    expect(box).to_be_focused()
    keys.type("Dear 😀")
    keys.press("Control+b")
    keys.type(" Ida\n")
    tools.get_by_role("button", name="List", exact=True).click()
    keys.type("one\nsee ")
    tools.get_by_role("button", name="Link").click()
    page.get_by_role("textbox", name="Address of the link").fill("x.example/a")
    expect(page.get_by_role("button", name="Unlink")).to_be_in_viewport(ratio=1)
    keys.press("Enter")
    keys.press("Enter")
    keys.press("Enter")
    assert faults(page, within=".dock") == []
    with page.expect_response(lambda answer: "says" in (answer.request.post_data or "")):  # the draft, with all of it
        box.evaluate(PASTED)
    expect(field).to_have_value("Dear 😀 Ida\none\nsee https://x.example/a\nWord says")
    page.reload()
    expect(box.locator("strong")).to_have_text(["Dear 😀", "says"])
    expect(box.locator("li")).to_have_text(["one", "see https://x.example/a"])
    expect(box.locator("img, figure")).to_have_count(0)
    keys.press("r")
    keys.press("Control+Enter")

    expect(mine.locator("strong")).to_have_text(["Dear 😀", "says"])
    expect(mine.get_by_role("link", name="https://x.example/a")).to_have_attribute("href", "https://x.example/a")
    expect(field).to_have_value("")
    expect(box).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(box.locator("strong")).to_have_text(["Dear 😀", "says"])
    page.get_by_role("button", name="Write plain text").click()
    expect(box).to_have_value("Dear 😀 Ida\n\n- one\n- see https://x.example/a\n\nWord says")
    page.get_by_role("button", name="Write with formatting").click()
    expect(page.locator("#reply-body-rich")).to_be_visible()
    assert page.evaluate("() => globalThis.ran ?? null") is None
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert visitor.watch.trouble == {}
